import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore } from '@writ/event-store';
import { describeIf, hasStrace } from '../harness/machine.js';
import { openStore } from '../harness/open-store.mjs';
import { newEvent, newEventId } from '../harness/sample.mjs';
import { runUnderStrace, type StraceResult } from '../harness/strace.js';

const script = join(__dirname, 'children/two-events.mjs');
/** What a process that opens a store, appends once and closes does to its files. */
const CALLS = ['openat', 'pwrite64', 'write', 'fsync', 'fdatasync', 'ftruncate', 'unlink'];
/** Runs at a time: strace waits more than it works. */
const LANES = 4;

interface Fault {
  readonly call: string;
  /** The n-th such call of its thread fails. */
  readonly nth: number;
}

describeIf(hasStrace, 'strace is not installed')('a fault at every system call of one append', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-calls-'));
  const seed = join(folder, 'seed.db');
  const before = newEvent();
  let faults: readonly Fault[] = [];

  beforeAll(async () => {
    const store = await openStore(`sqlite:${seed}`);
    await store.append('before', 'no_stream', [before]);
    await store.close();
    const quiet = await appendUnder('quiet', undefined);
    expect(quiet.stdout).toBe('{"append":"OK"}\n');
    faults = countCalls(quiet);
    // The append's own: two headers and pages of the log at least, and its sync.
    expect(faults.length).toBeGreaterThan(15);
  }, 60_000);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(['signal=KILL', 'error=EIO', 'error=ENOSPC'])(
    'leaves all or nothing, and a store that works: %s',
    async (kind) => {
      const queue = [...faults];
      const broken: string[] = [];
      await Promise.all(
        Array.from({ length: LANES }, async () => {
          for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
            const inject = `${fault.call}:${kind}:when=${fault.nth}`;
            for (const finding of await findingsAfter(inject)) broken.push(`${inject}: ${finding}`);
          }
        }),
      );
      expect(broken).toStrictEqual([]);
    },
    240_000,
  );

  async function findingsAfter(inject: string): Promise<readonly string[]> {
    const name = inject.replaceAll(/\W/g, '-');
    const ids = [newEventId(), newEventId()];
    const { stdout, stderr } = await appendUnder(name, inject, ids);
    const findings: string[] = [];
    if (stderr !== '') findings.push(`said ${stderr}`);
    const store = await openStore(`sqlite:${join(folder, `${name}.db`)}`, { mode: 'existing' });
    try {
      findings.push(...(await stateOf(store, ids, /"append":"(OK|AGAIN)"/.test(stdout))));
    } finally {
      await store.close();
    }
    return findings;
  }

  /** All or nothing, all if it was told; and the same append again makes it all, once. */
  async function stateOf(store: EventStore, ids: readonly string[], acknowledged: boolean): Promise<readonly string[]> {
    const findings: string[] = [];
    const stored = (await store.readStream('after')).map((event) => event.eventId);
    if (stored.length !== 0 && stored.join() !== ids.join()) findings.push(`half an append: ${stored.join()}`);
    if (acknowledged && stored.length === 0) findings.push('LOST');
    const again = await store.append('after', 'no_stream', eventsOf(ids));
    if (again.alreadyAppended !== stored.length > 0) findings.push('a retry was told otherwise');
    const all = (await store.readAll({ maxCount: 10 })).map((event) => event.eventId);
    if (all.join() !== [before.eventId, ...ids].join()) findings.push(`the store holds ${all.join()}`);
    return findings;
  }

  async function appendUnder(
    name: string,
    inject: string | undefined,
    ids = [newEventId(), newEventId()],
  ): Promise<StraceResult> {
    const path = join(folder, `${name}.db`);
    cpSync(seed, path);
    return runUnderStrace(script, [path, 'after', ...ids], {
      calls: CALLS,
      paths: [path, `${path}-wal`, `${path}-shm`],
      ...(inject === undefined ? {} : { inject }),
      output: join(folder, `${name}.trace`),
    });
  }
});

function eventsOf(ids: readonly string[]) {
  return ids.map((eventId) => newEvent({ eventId, data: Buffer.from(`{"of":"${eventId}"}`) }));
}

/** Every call that some thread made: strace counts for each thread by itself. */
function countCalls({ calls }: StraceResult): readonly Fault[] {
  const most = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const call of calls) {
    const key = `${call.thread} ${call.name}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    most.set(call.name, Math.max(count, most.get(call.name) ?? 0));
  }
  return [...most].flatMap(([call, count]) => Array.from({ length: count }, (_value, i) => ({ call, nth: i + 1 })));
}
