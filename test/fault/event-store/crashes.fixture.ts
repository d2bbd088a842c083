import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killStarted, startNode, type TalkingProcess } from '../harness/processes.js';

export interface CrashedStore {
  /** Asked for when the suite runs; the store is empty then. */
  readonly url: () => string;
  readonly cycles: number;
  /** Of a client that opens the store. */
  readonly readyWithinMs: number;
}

/** The whole store is read and compared so often, and at the end. */
const CHECK_EVERY = 10;
const client = join(__dirname, 'children/crash-client.mjs');

/** Two clients at a time, killed at work or while they open; a third process compares what stands with what was promised. */
export function describeStoreCrashes({ url, cycles, readyWithinMs }: CrashedStore): void {
  describe('kill -9 of two clients that append to one store', () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-crash-'));

    afterAll(async () => {
      await killStarted();
      rmSync(folder, { recursive: true });
    });

    it(
      `loses nothing that was acknowledged, in ${cycles} cycles`,
      async () => {
        let acked = 0;
        for (let cycle = 0; cycle < cycles; cycle += 1) {
          await crashOnce(cycle);
          if (cycle % CHECK_EVERY === CHECK_EVERY - 1 || cycle === cycles - 1) acked = await check();
        }
        expect(acked).toBeGreaterThan(cycles * 10);
      },
      60_000 + cycles * 3_000,
    );

    /** One is killed while it works (every fourth: while it opens), the other works on, and is killed later. */
    async function crashOnce(cycle: number): Promise<void> {
      const clients = ['a', 'b'].map((name) => startNode(client, [url(), folder, `${cycle}${name}`]));
      const [first, second] = clients as [TalkingProcess, TalkingProcess];
      if (cycle % 4 === 3) await killAfter(first, 60 + Math.random() * 120);
      else await killAtWork(first);
      await killAtWork(second);
    }

    async function killAtWork(process: TalkingProcess): Promise<void> {
      const { openedInMs } = (await process.next()) as { openedInMs: number };
      expect(openedInMs).toBeLessThan(readyWithinMs);
      expect(await process.next()).toStrictEqual({ acked: true });
      await killAfter(process, Math.random() * 60);
      // What else it said before it died: promises only, nothing wrong.
      for (;;) {
        const said = await process.next().catch(() => undefined);
        if (said === undefined) return;
        expect(said).toStrictEqual({ acked: true });
      }
    }

    async function killAfter(process: TalkingProcess, ms: number): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, ms));
      process.kill();
      expect(await process.ended).toBe('SIGKILL');
    }

    async function check(): Promise<number> {
      const checker = startNode(join(__dirname, 'children/crash-checker.mjs'), [url(), folder]);
      const found = (await checker.next()) as { events: number; acked: number; broken: readonly string[] };
      expect(found.broken).toStrictEqual([]);
      expect(await checker.ended).toBe(0);
      return found.acked;
    }
  });
}
