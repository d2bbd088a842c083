import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killStarted, startNode, type TalkingProcess } from '../harness/processes.js';
import { diceOf, seed, tell } from '../harness/seed.js';
import type { StoreUnderTest } from '../harness/store-under-test.js';

export interface CrashedLedger {
  readonly store: StoreUnderTest;
  readonly cycles: number;
  /** Events in the store before the first crash. */
  readonly prefill: number;
  /** Of most servers, from their first byte of code to their first call. */
  readonly readyWithinMs: number;
}

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
export function describeCrashes({ store, cycles, prefill, readyWithinMs }: CrashedLedger): void {
  describe('kill -9 of a server under load', () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-crash-server-'));
    const settings = (): Readonly<Record<string, string>> => ({
      ...store(folder),
      WRIT_KEY_FILE: join(folder, 'key.json'),
      WRIT_STATE_DIR: join(folder, 'state'),
      WRIT_LINEAGE_DIR: join(folder, 'lineage'),
      WRIT_MARK_DIR: join(folder, 'mark'),
      WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
      WRIT_GRPC_ADDRESS: '127.0.0.1:0',
      WRIT_HTTP_ADDRESS: '127.0.0.1:0',
      WRIT_MIN_FREE_BYTES: '0',
      WRIT_LOG_LEVEL: 'fatal',
    });
    const child = (name: string): string => join(__dirname, 'children', name);
    const readyIn: number[] = [];

    afterAll(async () => {
      await killStarted();
      rmSync(folder, { recursive: true });
    });

    it(
      `loses nothing that was acknowledged and commits nothing twice, in ${cycles} cycles over ${prefill} events`,
      async () => {
        const begun = performance.now();
        // Where Node knows it, code is compiled once and not in each of the hundred servers.
        process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled');
        await fill();
        const client = startNode(child('crash-client.mjs'), [folder]);
        let next = startNode(child('server.mjs'), []);
        for (let cycle = 0; cycle < cycles; cycle += 1) {
          const server = next;
          // The next one loads its code while this one works: what is measured is opening, not reading modules twice.
          next = startNode(child('server.mjs'), []);
          await crashOnce(server, client, cycle);
        }
        await serve(next, client, cycles);
        client.send({ stop: true });
        const totals = (await client.next()) as Totals;
        expect(totals.wrong).toStrictEqual([]);
        next.kill();
        const { broken, ...found } = await check();
        expect(broken).toStrictEqual([]);
        expect(found.acked).toBeGreaterThan(cycles * 2);
        expect(found.events).toBeGreaterThan(prefill);
        const { resent, impossible } = totals;
        // One that had to share the machine may be late; most are not.
        expect(readyIn.sort((a, b) => a - b)[Math.floor(readyIn.length / 2)]).toBeLessThan(readyWithinMs);
        const slowestReadyMs = Math.round(Math.max(...readyIn));
        const seconds = Math.round((performance.now() - begun) / 1_000);
        tell('crash', { cycles: cycles, resent, impossible, ...found, slowestReadyMs, seconds });
      },
      120_000 + prefill * 3 + cycles * 10_000,
    );

    async function fill(): Promise<void> {
      const filler = startNode(child('prefill.mjs'), [`${prefill}`, JSON.stringify(settings())]);
      await filler.next();
      expect(await filler.ended).toBe(0);
    }

    /** Every fifth is killed while it opens; the others some moments after they promised something. */
    async function crashOnce(server: TalkingProcess, client: TalkingProcess, cycle: number): Promise<void> {
      if (cycle % 5 === 4) {
        expect(await server.next()).toHaveProperty('loadedInMs');
        server.send({ env: settings() });
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
      server.send({ env: settings() });
      const { readyInMs, workedMs, grpcPort } = (await server.next()) as Ready;
      readyIn.push(readyInMs);
      expect(workedMs).toBeLessThan(readyWithinMs);
      client.send({ port: grpcPort, cycle });
      expect(await client.next()).toStrictEqual({ acked: cycle });
    }

    async function check(): Promise<Found> {
      const checker = startNode(child('crash-checker.mjs'), [store(folder).WRIT_STORE_URL, folder]);
      const found = (await checker.next()) as Found;
      expect(await checker.ended).toBe(0);
      return found;
    }
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
