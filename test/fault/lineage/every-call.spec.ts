import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEventStore } from '@writ/event-store-sqlite';
import { fsck } from '@writ/lineage';
import { createAttestor, readNoteKeyFile } from '@writ/signing';
import { startNode } from '../harness/processes.js';
import { describeIf, hasStrace } from '../harness/machine.js';
import { diceOf, seed, tell } from '../harness/seed.js';
import { runUnderStrace, type StraceResult } from '../harness/strace.js';

const script = join(__dirname, 'children/tree.mjs');
const ORIGIN = 'fault.test/tree';
/** What sequencing and anchoring do to files. */
const CALLS = ['openat', 'mkdir', 'write', 'pwrite64', 'fsync', 'fdatasync', 'rename', 'unlink', 'rmdir', 'ftruncate'];
/** Before the run, so that a tile becomes full in it: partial tiles go, and a level begins. */
const BEFORE = 250;
const DURING = 10;
const LANES = 4;
/** `all`: every call, as `npm run sweep` does; else so many of each kind of fault, drawn by the seed. */
const TRIED = process.env['WRIT_CALL_FAULTS'] ?? '30';

interface Fault {
  readonly call: string;
  /** The n-th such call of its thread. */
  readonly nth: number;
}

describeIf(hasStrace, 'strace is not installed')('a fault at a file operation of sequencing and anchoring', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-tree-calls-'));
  const before = join(folder, 'before');
  let paths: readonly string[] = [];
  let faults: readonly Fault[] = [];

  beforeAll(async () => {
    const made = startNode(script, [before, String(BEFORE)]);
    expect(await made.ended).toBe(0);
    // Which files there are, then which calls touch them: those of the store itself have a suite of their own.
    const all = await run('names', undefined, []);
    paths = [...new Set(all.calls.flatMap(({ args }) => namesIn(args, join(folder, 'names'))))];
    const quiet = await run('quiet', undefined, within('quiet'));
    // How far they were within the child's patience depends on the machine; that they get there is checked next.
    expect(quiet.stdout).toMatch(/^(?:\{"standing":"(?:sequenced|anchored)"\}\n){2}$/);
    expect(await findingsIn(join(folder, 'quiet'))).toStrictEqual([]);
    faults = countCalls(quiet);
    expect(faults.length).toBeGreaterThan(60);
  }, 120_000);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(['signal=KILL', 'error=EIO'])(
    'leaves what the next start makes whole, to the same tree: %s',
    async (kind) => {
      const queue = TRIED === 'all' ? [...faults] : diceOf(seed).shuffle(faults).slice(0, Number(TRIED));
      const broken: string[] = [];
      const tried = queue.length;
      const begun = Date.now();
      await Promise.all(
        Array.from({ length: LANES }, async () => {
          for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
            const inject = `${fault.call}:${kind}:when=${fault.nth}`;
            const name = inject.replaceAll(/\W/g, '-');
            await run(name, inject, within(name));
            for (const finding of await findingsIn(join(folder, name))) broken.push(`${inject}: ${finding}`);
            rmSync(join(folder, name), { recursive: true });
          }
        }),
      );
      tell('faults of the tree', { kind, tried, of: faults.length, seconds: Math.round((Date.now() - begun) / 1_000) });
      expect(broken).toStrictEqual([]);
    },
    1_800_000,
  );

  async function run(name: string, inject: string | undefined, only: readonly string[]): Promise<StraceResult> {
    cpSync(before, join(folder, name), { recursive: true });
    return runUnderStrace(script, [join(folder, name), String(DURING)], {
      calls: CALLS,
      ...(only.length === 0 ? {} : { paths: only }),
      ...(inject === undefined ? {} : { inject }),
      output: join(folder, `${name}.trace`),
      bytes: 0,
    });
  }

  function within(name: string): string[] {
    return paths.map((path) => join(folder, name, path));
  }
});

/** The next start, without faults: what is wrong after it. */
async function findingsIn(place: string): Promise<string[]> {
  const again = startNode(script, [place, '0']);
  const status = await again.ended;
  const store = await openSqliteEventStore({ path: join(place, 'ledger.db'), mode: 'existing', readOnly: true });
  const attestor = await createAttestor({
    keyFile: join(place, 'attestation-key.json'),
    origin: ORIGIN,
    worker: false,
  });
  const { key } = await readNoteKeyFile(join(place, 'checkpoint-key.json'), 'checkpoint');
  try {
    const { keyId, publicKey } = attestor;
    const report = await fsck({
      store,
      trust: {
        origin: ORIGIN,
        keys: [{ keyId, publicKey }],
        policy: { logs: [{ key }], witnesses: [], quorum: { kind: 'none' } },
      },
      ...{ lineageDir: join(place, 'lineage'), markDir: join(place, 'mark'), stateDir: join(place, 'state') },
    });
    const { findings, notYetSequenced, sizeLeaves, checkpointSizeLeaves } = report;
    return [
      ...(status === 0 ? [] : [`the next start ended with ${String(status)}`]),
      ...(notYetSequenced === 0 ? [] : [`${notYetSequenced} events have no index`]),
      ...(checkpointSizeLeaves === sizeLeaves ? [] : [`signed ${checkpointSizeLeaves} of ${sizeLeaves} leaves`]),
      ...findings.map((finding) => JSON.stringify(finding)),
    ];
  } finally {
    await attestor.close();
    await store.close();
  }
}

/** Files of the tree, the mark and what was seen, relative to the folder. */
function namesIn(args: string, folder: string): string[] {
  const named = [...args.matchAll(/["<]([^">]+)[">]/g)].map(([, path = '']) => path);
  return named
    .filter((path) => path.startsWith(`${folder}/`))
    .map((path) => path.slice(folder.length + 1))
    .filter((path) => /^(?:lineage|mark|state)(?:\/|$)/.test(path));
}

/** Every call that some thread made: strace counts for each thread by itself. */
function countCalls({ calls }: StraceResult): readonly Fault[] {
  const most = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const { thread, name } of calls) {
    const key = `${thread} ${name}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    most.set(name, Math.max(count, most.get(name) ?? 0));
  }
  return [...most].flatMap(([call, count]) => Array.from({ length: count }, (_value, i) => ({ call, nth: i + 1 })));
}
