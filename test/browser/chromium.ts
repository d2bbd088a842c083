import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** Debian's package; `WRIT_CHROMIUM` names another one. */
export const CHROMIUM = process.env['WRIT_CHROMIUM'] ?? '/usr/bin/chromium';

/** `describe` where there is a browser, else a suite that is reported as skipped: skipped is not passed. */
export function describeInChromium(name: string, body: () => void): void {
  if (existsSync(CHROMIUM)) describe(name, body);
  else describe.skip(`${name} (no ${CHROMIUM})`, () => test('in a browser', () => undefined));
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>Writ verifier</title>
<script type="module">import * as writ from '/verifier.js'; globalThis.writ = writ;</script>`;
/** Nothing but the page's own script runs, and nothing is connected to, also before the network is cut. */
const POLICY = "default-src 'none'; script-src 'self' 'unsafe-inline'";

/** A page that has loaded the verifier's browser build and has been cut off from every network since. */
export class UnpluggedPage {
  readonly page: Page;
  /** What the page has asked for since it was cut off. */
  readonly requests: string[] = [];
  /** What went wrong in the page or was written to its console. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #folder: string;

  private constructor(page: Page, browser: Browser, folder: string) {
    this.page = page;
    this.#browser = browser;
    this.#folder = folder;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => this.complaints.push(message.text()));
  }

  static async open(): Promise<UnpluggedPage> {
    const folder = mkdtempSync(join(tmpdir(), 'writ-browser-'));
    const built = spawnSync(process.execPath, [join(__dirname, '../../tools/build-verifier.mjs'), folder]);
    if (built.status !== 0) throw new Error(`the browser build failed: ${String(built.stderr)}`);
    const server = await serve(readFileSync(join(folder, 'verifier.js')));
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--headless'] });
    const context = await browser.newContext();
    const opened = new UnpluggedPage(await context.newPage(), browser, folder);
    await opened.page.goto(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
    await opened.page.waitForFunction('globalThis.writ !== undefined');
    await unplug(context, server);
    opened.page.on('request', (request) => opened.requests.push(request.url()));
    return opened;
  }

  /** The module as the page got it. */
  source(): string {
    return readFileSync(join(this.#folder, 'verifier.js'), 'utf8');
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function serve(script: Buffer): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('Content-Type', request.url === '/verifier.js' ? 'text/javascript' : 'text/html');
    response.end(request.url === '/verifier.js' ? script : PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Twice over: the browser believes to be offline, and who could answer is gone. */
async function unplug(context: BrowserContext, server: Server): Promise<void> {
  await context.setOffline(true);
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
