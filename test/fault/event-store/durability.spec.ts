import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeIf, hasStrace } from '../harness/machine.js';
import { runUnderStrace } from '../harness/strace.js';
import { isSync, parseTrace, type TracedCall } from '../harness/trace.js';

const script = join(__dirname, 'children/marked-appends.mjs');
const WRITES = ['pwrite64', 'pwritev', 'write', 'writev', 'fsync', 'fdatasync'];

describe('the check itself', () => {
  const wal = '9</s/store.db-wal>';
  const early = [
    `1 pwrite64(${wal}, "..TOKEN-1-..", 4096, 32) = 4096`,
    `2 write(1</dev/null>, "ACK-1-OK-\\n", 10) = 10`,
    `1 fsync(${wal})             = 0`,
  ];
  const fine = [early[0], early[2], early[1]];
  const whileSyncing = [
    early[0],
    `1 fsync(${wal} <unfinished ...>`,
    early[1],
    `1 <... fsync resumed>)               = 0`,
  ];

  it('finds an answer that leaves before the sync, or while it runs', () => {
    expect(answersBeforeSync(parseTrace(early.join('\n')))).toStrictEqual(['1']);
    expect(answersBeforeSync(parseTrace(whileSyncing.join('\n')))).toStrictEqual(['1']);
    expect(answersBeforeSync(parseTrace(fine.join('\n')))).toStrictEqual([]);
  });
});

describeIf(hasStrace, 'strace is not installed')('what the kernel sees', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-durable-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    [1, 30],
    [64, 10],
  ])(
    'no answer leaves before the sync that covers it: %i callers',
    async (callers, rounds) => {
      const output = join(folder, 'trace');
      const { status, calls, stdout } = await runUnderStrace(
        script,
        [join(folder, 'store.db'), `${callers}`, `${rounds}`],
        {
          calls: WRITES,
          output,
          bytes: 4_200,
        },
      );
      expect(status).toBe(0);
      const answers = [...stdout.matchAll(/^ACK-\d+-(\w+)-$/gm)].map((match) => match[1]);
      expect(answers).toStrictEqual(Array.from({ length: callers * rounds }, () => 'OK'));
      expect(calls.filter((call) => token('ACK', call) !== undefined)).toHaveLength(callers * rounds);
      expect(answersBeforeSync(calls)).toStrictEqual([]);
    },
    60_000,
  );

  it.each([
    ['fsync', 'EIO', 16],
    ['fsync', 'ENOSPC', 16],
    ['pwrite64', 'EIO', 16],
  ])(
    'after a failed %s (%s) of the log: outcomes unknown, the handle never used again, and the store recovers',
    async (name, error, callers) => {
      const path = join(folder, 'store.db');
      const { status, calls, stdout, stderr } = await runUnderStrace(script, [path, `${callers}`, '20'], {
        calls: ['pwrite64', 'fsync', 'fdatasync', 'openat', 'close'],
        paths: [`${path}-wal`],
        inject: `${name === 'fsync' ? 'fsync,fdatasync' : name}:error=${error}:when=${name === 'fsync' ? 12 : 60}`,
        output: join(folder, 'trace'),
      });
      expect({ status, stderr }).toStrictEqual({ status: 0, stderr: '' });
      const failed = calls.findIndex((call) => call.result.includes('(INJECTED)'));
      expect(failed).toBeGreaterThan(0);
      expect(useAfterFailure(calls, failed)).toStrictEqual([]);
      const codes = [...stdout.matchAll(/^ACK-(\d+)-(\w+)-$/gm)].map(([, of, code]) => ({ of, code }));
      const settled = codes.filter(({ code }) => code === 'OK' || code === 'AGAIN').map(({ of }) => of);
      expect(new Set(settled).size).toBe(callers * 20);
      expect(settled).toHaveLength(callers * 20);
      expect(codes.some(({ code }) => code === 'STORE_OUTCOME_UNKNOWN')).toBe(true);
      expect(
        codes.every(({ code }) => ['OK', 'AGAIN', 'STORE_OUTCOME_UNKNOWN', 'STORE_UNAVAILABLE'].includes(code ?? '')),
      ).toBe(true);
    },
    60_000,
  );
});

/** Tokens whose answer began before a sync of the log ended that began after the log had the token. */
function answersBeforeSync(calls: readonly TracedCall[]): readonly string[] {
  const early: string[] = [];
  for (const answer of calls) {
    const of = token('ACK', answer);
    if (of === undefined) continue;
    const written = calls.find((call) => call.path.endsWith('-wal') && call.args.includes(`TOKEN-${of}-`));
    const synced =
      written !== undefined &&
      calls.some(
        (call) =>
          isSync(call) &&
          call.path === written.path &&
          call.result.startsWith('0') &&
          call.startLine > written.endLine &&
          call.endLine < answer.startLine,
      );
    if (!synced) early.push(of);
  }
  return early;
}

function token(kind: 'ACK', call: TracedCall): string | undefined {
  return call.name === 'write' ? new RegExp(`"${kind}-(\\d+)-OK-`).exec(call.args)?.[1] : undefined;
}

/** Calls on the descriptor whose call failed, between the failure and its close. */
function useAfterFailure(calls: readonly TracedCall[], failed: number): readonly string[] {
  const { descriptor } = calls[failed] as TracedCall;
  const used: string[] = [];
  for (const call of calls.slice(failed + 1)) {
    if (call.descriptor !== descriptor) continue;
    if (call.name === 'close') return used;
    used.push(`${call.name}(${call.args.slice(0, 60)})`);
  }
  return ['the descriptor was never closed'];
}
