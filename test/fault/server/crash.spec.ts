import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killStarted, startNode, type TalkingProcess } from '../harness/processes.js';
import { diceOf, seed, tell } from '../harness/seed.js';

/** `WRIT_CRASH_CYCLES=10000` for a release. */
const CYCLES = Number(process.env['WRIT_CRASH_CYCLES'] ?? 100);
/** In the store before the first crash. */
const PREFILL = Number(process.env['WRIT_CRASH_PREFILL'] ?? 100_000);
const READY_MS = 5_000;
const dice = diceOf(seed);

interface Ready {
  readonly readyInMs: number;
  readonly workedMs: number;
  readonly grpcPort: number;
}
/** What the checker read. */
interface Found {
  readonly events: number;
  readonly executions: number;
  readonly acked: number;
  readonly broken: readonly string[];
}
/** What the client did. */
interface Totals {
  readonly resent: number;
  readonly impossible: number;
  readonly wrong: readonly string[];
}

/** This process is the killer; server, client and checker are others. */
describe('kill -9 of a server under load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-crash-server-'));
  const store = join(folder, 'ledger.db');
  const env = {
    WRIT_STORE_URL: `sqlite:${store}`,
    WRIT_KEY_FILE: join(folder, 'key.json'),
    WRIT_STATE_DIR: join(folder, 'state'),
    WRIT_LINEAGE_DIR: join(folder, 'lineage'),
    WRIT_MARK_DIR: join(folder, 'mark'),
    WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
    WRIT_GRPC_ADDRESS: '127.0.0.1:0',
    WRIT_HTTP_ADDRESS: '127.0.0.1:0',
    WRIT_MIN_FREE_BYTES: '0',
    WRIT_LOG_LEVEL: 'fatal',
  };
  const child = (name: string): string => join(__dirname, 'children', name);
  const readyIn: number[] = [];

  afterAll(async () => {
    await killStarted();
    rmSync(folder, { recursive: true });
  });

  it(
    `loses nothing that was acknowledged and commits nothing twice, in ${CYCLES} cycles over ${PREFILL} events`,
    async () => {
      const begun = performance.now();
      // Where Node knows it, code is compiled once and not in each of the hundred servers.
      process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled');
      await prefill();
      const client = startNode(child('crash-client.mjs'), [folder]);
      let next = startNode(child('server.mjs'), []);
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        const server = next;
        // The next one loads its code while this one works: what is measured is opening, not reading modules twice.
        next = startNode(child('server.mjs'), []);
        await crashOnce(server, client, cycle);
      }
      await serve(next, client, CYCLES);
      client.send({ stop: true });
      const totals = (await client.next()) as Totals;
      expect(totals.wrong).toStrictEqual([]);
      next.kill();
      const { broken, ...found } = await check();
      expect(broken).toStrictEqual([]);
      expect(found.acked).toBeGreaterThan(CYCLES * 2);
      expect(found.events).toBeGreaterThan(PREFILL);
      const { resent, impossible } = totals;
      // One that had to share the machine may be late; most are not.
      expect(readyIn.sort((a, b) => a - b)[Math.floor(readyIn.length / 2)]).toBeLessThan(READY_MS);
      const slowestReadyMs = Math.round(Math.max(...readyIn));
      const seconds = Math.round((performance.now() - begun) / 1_000);
      tell('crash', { cycles: CYCLES, resent, impossible, ...found, slowestReadyMs, seconds });
    },
    120_000 + PREFILL * 3 + CYCLES * 10_000,
  );

  async function prefill(): Promise<void> {
    const filler = startNode(child('prefill.mjs'), [`${PREFILL}`, JSON.stringify(env)]);
    await filler.next();
    expect(await filler.ended).toBe(0);
  }

  /** Every fifth is killed while it opens; the others some moments after they promised something. */
  async function crashOnce(server: TalkingProcess, client: TalkingProcess, cycle: number): Promise<void> {
    if (cycle % 5 === 4) {
      expect(await server.next()).toHaveProperty('loadedInMs');
      server.send({ env });
      await pause(dice.roll() * 400);
    } else {
      await serve(server, client, cycle);
      await pause(dice.roll() * 200);
    }
    server.kill();
    expect(await server.ended).toBe('SIGKILL');
  }

  async function serve(server: TalkingProcess, client: TalkingProcess, cycle: number): Promise<void> {
    expect(await server.next()).toHaveProperty('loadedInMs');
    server.send({ env });
    const { readyInMs, workedMs, grpcPort } = (await server.next()) as Ready;
    readyIn.push(readyInMs);
    expect(workedMs).toBeLessThan(READY_MS);
    client.send({ port: grpcPort, cycle });
    expect(await client.next()).toStrictEqual({ acked: cycle });
  }

  async function check(): Promise<Found> {
    const checker = startNode(child('crash-checker.mjs'), [store, folder]);
    const found = (await checker.next()) as Found;
    expect(await checker.ended).toBe(0);
    return found;
  }
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
