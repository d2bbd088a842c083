import { hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { installSha256 } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import type { ReadStreamOptions } from '@writ/event-store';
import { keysStream, lineageStream } from '@writ/ledger';
import { fsck, type FsckOptions } from './fsck.js';
import { beginHistory, ORIGIN, type History } from './history.fixture.js';
import type { FsckReport } from './report.js';

installSha256((input) => hash('sha256', input, 'buffer'));

describe('streams that show less than the store holds', () => {
  let history: History;
  let executions: readonly string[];
  beforeAll(async () => {
    history = await beginHistory();
    await history.execute(40);
    await history.sequence();
    await history.publish();
    executions = [...new Set(history.store.events.map(({ stream }) => stream))].filter((stream) =>
      stream.startsWith('execution-'),
    );
  });
  afterAll(async () => {
    await history.close();
    rmSync(history.lineageDir, { recursive: true });
  });

  /** The check, where readers of `stream` are shown only what `shown` lets through. */
  function check(stream: string, shown: (revision: bigint) => boolean): Promise<FsckReport> {
    const { store, trust, lineageDir } = history;
    const veiled: FsckOptions['store'] = {
      readAll: (options) => store.readAll(options),
      readStream: async (name: string, options: ReadStreamOptions = {}) => {
        const events = await store.readStream(name, { ...options, maxCount: 4_096 });
        return events.filter(({ revision }) => name !== stream || shown(revision)).slice(0, options.maxCount ?? 4_096);
      },
    };
    return fsck({ store: veiled, trust, lineageDir, streamsMayHide: true });
  }

  it('are not found where none does', async () => {
    expect(await check('', () => true)).toMatchObject({ verdict: 'sound', findings: [] });
  });

  it.each([
    ['all of it', () => false],
    ['its beginning', (revision: bigint) => revision > 0n],
  ])('are named, each with its first event, whichever hides %s', async (_what, shown) => {
    for (const stream of [executions[0], executions[23], lineageStream(ORIGIN), keysStream(ORIGIN)] as string[]) {
      const { verdict, findings } = await check(stream, shown);
      expect(verdict).toBe('faults');
      expect(findings).toContainEqual(
        expect.objectContaining({ kind: 'hidden', code: 'EVENT_HIDDEN', stream, revision: '0' }),
      );
    }
  });

  it('are named where they were deleted for good, and removed', async () => {
    const { store, trust, lineageDir } = history;
    const stream = executions[7] as string;
    const buried = (removed: boolean): Promise<FsckReport> =>
      fsck({
        store: {
          readAll: async (options) => {
            const events = await store.readAll(options);
            return removed ? events.filter((event) => event.stream !== stream) : events;
          },
          readStream: async (name, options) => {
            if (name === stream) throw new IntegrityError('STREAM_DELETED', 'a tombstone');
            return store.readStream(name, options);
          },
        },
        ...{ trust, lineageDir, streamsMayHide: true },
      });
    const deleted = await buried(false);
    expect(deleted).toMatchObject({ complete: true, counts: { hidden: 1 } });
    expect(deleted.findings).toEqual([expect.objectContaining({ kind: 'hidden', code: 'STREAM_DELETED', stream })]);
    const removed = await buried(true);
    expect(removed.complete).toBe(true);
    expect(new Set(removed.findings.map((finding) => `${finding.kind} ${finding.stream ?? ''}`))).toEqual(
      new Set([`missing ${stream}`]),
    );
  });
});
