import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { openSqliteEventStore } from '@writ/event-store-sqlite';
import type { EventStore } from '@writ/event-store';
import { writ } from '../e2e/cli/writ.js';
import { msUntil } from '../fault/harness/probed-server.js';
import { admit, beginLedger, environmentOf, openLedger, type Ledger } from '../fault/lineage/ledger.js';
import { TENANT } from '../fault/harness/transfers.mjs';
import { startDouble } from './double/start-double.js';
import { describeNodes, findServer } from './harness/find-server.js';
import { startNode } from './harness/server.js';

const WRIT = resolve(__dirname, '../../apps/cli/bin/writ.js');
const EXECUTIONS = 120;
const WITHIN_MS = 60_000;

jest.setTimeout(300_000);

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

// It takes a while: the double only stands in where no real server can be started.
if (findServer()?.kind !== 'program') describe('a ledger that moves, on the double', () => moves(startDouble));
describeNodes('a ledger that moves, on a real server', () => moves(() => startNode({ storage: 'disk' })));

function moves(start: () => Promise<Server>): void {
  const folder = mkdtempSync(join(tmpdir(), 'writ-moves-'));
  const begun = join(folder, 'begun');
  let server: Server;

  beforeAll(async () => {
    server = await start();
    const ledger = await beginLedger(begun);
    await Promise.all(Array.from({ length: EXECUTIONS }, (_, at) => admit(ledger, `moved-${at}`)));
    await settled(ledger);
    await ledger.instance.close();
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Keys, mark, lineage and state of `from` in another folder; its store stays behind. */
  function movedTo(name: string, from: string): string {
    const to = join(folder, name);
    mkdirSync(to);
    for (const each of ['attestation-key.json', 'checkpoint-key.json', 'state', 'mark', 'lineage']) {
      cpSync(join(from, each), join(to, each), { recursive: true });
    }
    return to;
  }

  async function goesOn(home: string, over: Readonly<Record<string, string>>, next: string): Promise<void> {
    const ledger = await openLedger(home, over);
    try {
      await expect(admit(ledger, 'moved-7')).rejects.toMatchObject({ code: 'INV-013' });
      await admit(ledger, next);
      await settled(ledger);
      // What a node remembers of the store that it came from does not hide what is new here.
      await msUntil(async () => {
        const { executions } = await ledger.instance.operations.listExecutions(ledger.context, {
          tenant: TENANT,
        } as never);
        return executions.some(({ executionId }) => executionId === next);
      }, WITHIN_MS);
    } finally {
      await ledger.instance.close();
    }
    expect(await fsck(home, over)).toMatchObject({ exitCode: 0 });
  }

  it('there and back, killed on the way, byte for byte, sound and in use', async () => {
    // 1. From the file into the server.
    const there = { WRIT_STORE_URL: server.url, WRIT_STORE_ACCEPT_UNPROTECTED: 'yes' };
    const open = () => openEventStoreDb({ connection: server.url, readOnly: true });
    const source = environmentOf(begun);
    await killedOnTheWay(source, server.url, open);
    const copied = await copy(source, server.url);
    expect(copied).toMatchObject({ exitCode: 0 });
    expect(copied.json().events).toBeGreaterThan(2 * EXECUTIONS);
    // 2. The ledger goes on there, and then knows more than the file.
    const home = movedTo('there', begun);
    await goesOn(home, there, 'new-there');
    expect((await copy(source, server.url)).exitCode).toBe(5);
    // 3. Back into another file.
    const file = join(folder, 'back', 'ledger.db');
    const back = movedTo('back', home);
    const openFile = () => openSqliteEventStore({ path: file, mode: 'existing', readOnly: true });
    await killedOnTheWay(environmentOf(home, there), `sqlite:${file}`, openFile);
    const returned = await copy(environmentOf(home, there), `sqlite:${file}`);
    expect(returned).toMatchObject({ exitCode: 0 });
    expect(returned.json().events).toBeGreaterThan(copied.json().events);
    await goesOn(back, {}, 'new-back');
    // 4. The file that it began in is behind the mark by now: nothing is written there again.
    const stale = movedTo('stale', back);
    cpSync(join(begun, 'ledger.db'), join(stale, 'ledger.db'));
    const old = await openLedger(stale);
    await expect(admit(old, 'forked')).rejects.toMatchObject({ kind: 'Integrity' });
    await old.instance.close();
  });

  async function copy(env: Readonly<Record<string, string>>, to: string) {
    return writ(['store', 'copy', '--to', to, '--json'], { env });
  }

  /** Starts the command as a process of its own, and kills it when the target has grown by some events; twice. */
  async function killedOnTheWay(
    env: Readonly<Record<string, string>>,
    to: string,
    open: () => Promise<EventStore>,
  ): Promise<void> {
    const urlFile = join(folder, 'target-url.txt');
    writeFileSync(urlFile, `${to}\n`, { mode: 0o600 });
    let target: EventStore | undefined;
    let held = 0;
    for (const more of [1, 20]) {
      const wanted = held + more;
      const child = spawn(process.execPath, [WRIT, 'store', 'copy', '--to', `@${urlFile}`], {
        env: { ...process.env, ...env },
        stdio: 'ignore',
      });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const giveUpMs = performance.now() + WITHIN_MS;
      while (child.exitCode === null && held < wanted && performance.now() < giveUpMs) {
        await pause(10);
        target ??= await open().catch(() => undefined); // no store there yet
        held = (await target?.readAll({ maxCount: 4_096 }))?.length ?? 0;
      }
      child.kill('SIGKILL');
      await ended;
    }
    await target?.close();
    expect(held).toBeGreaterThan(0);
  }
}

async function settled({ instance }: Ledger): Promise<void> {
  await msUntil(async () => {
    const { behind, sizeLeaves } = await instance.lineageStatus();
    return behind === 0 && sizeLeaves > 2n * BigInt(EXECUTIONS);
  }, WITHIN_MS);
}

async function fsck(home: string, over: Readonly<Record<string, string>>) {
  const { exitCode, stdout } = await writ(['fsck', '--json'], { env: environmentOf(home, over) });
  return { exitCode, findings: (JSON.parse(stdout) as { findings: unknown }).findings };
}
