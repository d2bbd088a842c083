import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseExecutionId, parseTenant } from '@writ/encoding';
import { InMemoryEventStore, type EventStore, type NewEvent, type RecordedEvent } from '@writ/event-store';
import type { ExecutionRow } from '@writ/operations';
import { executionsProjector } from './executions-projector.js';
import { columnsOf, EXECUTIONS_VIEW, type ExecutionsView } from './executions-view.js';
import { applyNextBatch, runProjection } from './projection.js';
import { ViewFile, type ViewedEvent } from './view-file.js';

const NOW_MS = 1_800_000_000_000;
const TENANT = parseTenant('acme');

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-audit-'));
  path = join(folder, 'executions.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function row(id: string, change: Partial<ExecutionRow> = {}): ExecutionRow {
  return {
    tenant: TENANT,
    executionId: parseExecutionId(id),
    state: 'reserved',
    action: 'loan.disburse',
    policyId: 'loan-approval',
    decision: {
      decisionId: '01890000-0000-7000-8000-000000000000',
      outcome: 'admitted',
      evaluation: 1,
      policyId: 'loan-approval',
      policyVersion: '1.0.0',
      policyDigest: `sha256:${'0'.repeat(64)}`,
      rule: 'prime',
      reasons: [],
      obligations: [],
      evaluatedAtMs: NOW_MS,
    },
    evaluations: 1,
    attempts: 1,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    revision: 1n,
    blocked: false,
    endsAtMs: NOW_MS + 1_000,
    lapsesAtMs: NOW_MS + 1_500,
    ...change,
  };
}

/** The last event of so many. */
const lastOf = (count: number): ViewedEvent => ({
  position: BigInt(count),
  stream: 'execution-acme.a',
  revision: BigInt(count - 1),
  eventId: '01890000-0000-7000-8000-000000000000',
});

function openWith(...rows: ExecutionRow[]): ViewFile<ExecutionsView> {
  const file = ViewFile.open(path, EXECUTIONS_VIEW);
  file.advance(lastOf(rows.length), (view) => {
    for (const each of rows) view.put(columnsOf(each));
  });
  return file;
}

const ids = (answer: { executions: readonly { executionId: string }[] }): string[] =>
  answer.executions.map((execution) => execution.executionId);

describe('the view of executions', () => {
  it('tells every field of a row again', () => {
    const reservation = { attempt: 1, expiresAtMs: NOW_MS + 1_000, ttlMs: 1_000, holderHash: 'sha256:00' };
    const file = openWith(row('a', { reservation, blocked: true }));
    const { endsAtMs: _ends, lapsesAtMs: _lapses, ...summary } = row('a', { reservation, blocked: true });
    expect(file.view.list({ tenant: TENANT }, NOW_MS)).toEqual({ executions: [summary] });
    file.close();
  });

  it('lists as lapsed what time has ended, and no longer as what it was', () => {
    const file = openWith(
      row('live'),
      row('over', { lapsesAtMs: NOW_MS }),
      row('done', { state: 'committed', endsAtMs: null, lapsesAtMs: null }),
    );
    expect(ids(file.view.list({ tenant: TENANT, states: ['lapsed'] }, NOW_MS))).toEqual(['over']);
    expect(ids(file.view.list({ tenant: TENANT, states: ['reserved'] }, NOW_MS))).toEqual(['live']);
    expect(ids(file.view.list({ tenant: TENANT, states: ['reserved', 'committed'] }, NOW_MS))).toEqual([
      'live',
      'done',
    ]);
    file.close();
  });

  it('keeps tenants apart', () => {
    const file = openWith(row('a'), row('b', { tenant: parseTenant('other') }));
    expect(ids(file.view.list({ tenant: TENANT }, NOW_MS))).toEqual(['a']);
    file.close();
  });

  it('pages by the order of its rows, whatever is inserted in between', () => {
    const file = openWith(...Array.from({ length: 7 }, (_, n) => row(`e${n}`, { updatedAtMs: NOW_MS + n })));
    const first = file.view.list({ tenant: TENANT, pageSize: 3 }, NOW_MS);
    expect(ids(first)).toEqual(['e6', 'e5', 'e4']);
    file.advance(lastOf(99), (view) => {
      view.put(columnsOf(row('new', { updatedAtMs: NOW_MS + 100 })));
    });
    const second = file.view.list({ tenant: TENANT, pageSize: 4, pageToken: first.nextPageToken as string }, NOW_MS);
    expect(ids(second)).toEqual(['e3', 'e2', 'e1', 'e0']);
    expect(second.nextPageToken).toBeUndefined();
    file.close();
  });

  it('bounds by the time of the last change, from inclusive, to exclusive', () => {
    const file = openWith(...[0, 1, 2].map((n) => row(`e${n}`, { updatedAtMs: NOW_MS + n })));
    expect(ids(file.view.list({ tenant: TENANT, updatedFromMs: NOW_MS + 1, updatedToMs: NOW_MS + 2 }, NOW_MS))).toEqual(
      ['e1'],
    );
    file.close();
  });

  it.each(['', '!!', 'AAAA', Buffer.from('[1]').toString('base64'), Buffer.from('[1,"a b"]').toString('base64')])(
    'refuses the page token `%s`',
    (pageToken) => {
      const file = openWith(row('a'));
      expect(() => file.view.list({ tenant: TENANT, pageToken }, NOW_MS)).toThrow(
        expect.objectContaining({ code: 'CURSOR_INVALID' }),
      );
      file.close();
    },
  );

  it('names what is due, earliest end first', () => {
    const file = openWith(
      row('late', { endsAtMs: 20 }),
      row('early', { endsAtMs: 10 }),
      row('live', { endsAtMs: 30 }),
      row('done', { endsAtMs: null }),
    );
    expect(file.view.due(20, 10).map((due) => due.executionId)).toEqual(['early', 'late']);
    expect(file.view.due(20, 1).map((due) => due.executionId)).toEqual(['early']);
    file.close();
  });

  it('never lets an older row replace a newer one', () => {
    const file = openWith(
      row('a', { revision: 3n, state: 'committed', endsAtMs: null, lapsesAtMs: null }),
      row('a', { revision: 2n }),
    );
    expect(file.view.list({ tenant: TENANT }, NOW_MS).executions[0]).toMatchObject({
      revision: 3n,
      state: 'committed',
    });
    file.close();
  });

  it('begins anew on a file that is not a view of this version', () => {
    writeFileSync(path, 'not a database at all, just some bytes that happen to be here');
    const file = ViewFile.open(path, EXECUTIONS_VIEW);
    expect(file.position).toBeUndefined();
    file.close();
    const other = ViewFile.open(path, { ...EXECUTIONS_VIEW, version: 99 });
    expect(other.position).toBeUndefined();
    other.close();
  });
});

describe('the projection', () => {
  const fold = (events: readonly RecordedEvent[]): ExecutionRow | undefined => {
    const last = events.at(-1) as RecordedEvent;
    if (last.type === 'Foreign') return undefined;
    return row(last.stream.slice('execution-acme.'.length), { revision: last.revision, evaluations: events.length });
  };

  let nextId = 0;
  const event = (type = 'Something'): NewEvent => ({
    eventId: `01890000-0000-7000-8000-${(nextId++).toString(16).padStart(12, '0')}`,
    type,
    typeVersion: 1,
    data: new TextEncoder().encode('{}'),
    metadata: new TextEncoder().encode('{}'),
  });

  async function project(store: EventStore, file: ViewFile<ExecutionsView>): Promise<void> {
    while (!(await applyNextBatch(store, file, executionsProjector(store, fold))));
  }

  async function filledStore(): Promise<EventStore> {
    const store = new InMemoryEventStore();
    await store.append('execution-acme.a', 'no_stream', [event(), event()]);
    await store.append('policy-acme.p', 'no_stream', [event()]);
    await store.append('execution-acme.b', 'no_stream', [event()]);
    await store.append('execution-acme.a', 1n, [event()]);
    return store;
  }

  it('makes each row from the whole stream, across batches and restarts', async () => {
    const store = await filledStore();
    let file = ViewFile.open(path, EXECUTIONS_VIEW);
    await project(store, file);
    const before = file.position;
    file.close();
    await store.append('execution-acme.b', 0n, [event()]);
    file = ViewFile.open(path, EXECUTIONS_VIEW);
    expect(file.position).toBe(before);
    await project(store, file);
    const rows = file.view.list({ tenant: TENANT }, NOW_MS).executions;
    expect(rows.map(({ executionId, revision, evaluations }) => ({ executionId, revision, evaluations }))).toEqual([
      { executionId: 'b', revision: 1n, evaluations: 2 },
      { executionId: 'a', revision: 2n, evaluations: 3 },
    ]);
    file.close();
  });

  it('moves rows and position together: what fails halfway leaves both', async () => {
    const store = await filledStore();
    const file = ViewFile.open(path, EXECUTIONS_VIEW);
    await project(store, file);
    const before = { position: file.position, list: file.view.list({ tenant: TENANT }, NOW_MS) };
    expect(() => {
      file.advance(lastOf(1_000), (view) => {
        view.put(columnsOf(row('halfway')));
        throw new Error('killed here');
      });
    }).toThrow('killed here');
    expect({ position: file.position, list: file.view.list({ tenant: TENANT }, NOW_MS) }).toEqual(before);
    file.close();
  });

  it('built anew, equals itself', async () => {
    const store = await filledStore();
    const first = ViewFile.open(path, EXECUTIONS_VIEW);
    await project(store, first);
    const again = ViewFile.open(':memory:', EXECUTIONS_VIEW);
    await project(store, again);
    expect(again.view.list({ tenant: TENANT }, NOW_MS)).toEqual(first.view.list({ tenant: TENANT }, NOW_MS));
    expect(again.position).toBe(first.position);
    first.close();
    again.close();
  });

  it.each(['longer', 'shorter'])('begins again in a store where its last event stands elsewhere: %s', async (which) => {
    const store = await filledStore();
    const file = ViewFile.open(path, EXECUTIONS_VIEW);
    await project(store, file);
    const moved = new InMemoryEventStore();
    // The same events, other positions; and one that came after the move.
    if (which === 'longer') await moved.append('before', 'no_stream', [event(), event()]);
    for (const stored of await store.readAll({ maxCount: 100 })) {
      if (which === 'shorter' && stored.stream === 'policy-acme.p') continue;
      await moved.append(stored.stream, stored.revision === 0n ? 'no_stream' : stored.revision - 1n, [stored]);
    }
    await moved.append('execution-acme.late', 'no_stream', [event()]);
    const stop = new AbortController();
    const running = runProjection(moved, file, executionsProjector(moved, fold), stop.signal);
    const last = (await moved.readAll({ maxCount: 100 })).at(-1)?.position;
    for (let waits = 0; waits < 1_000 && file.position !== last; waits += 1) await pause(10);
    stop.abort();
    await running;
    expect(ids(file.view.list({ tenant: TENANT }, NOW_MS)).sort()).toEqual(['a', 'b', 'late']);
    file.close();
  });

  it('keeps the row of an execution in which a foreign event appeared', async () => {
    const store = await filledStore();
    const file = ViewFile.open(path, EXECUTIONS_VIEW);
    await project(store, file);
    await store.append('execution-acme.a', 2n, [event('Foreign')]);
    await project(store, file);
    expect(
      file.view.list({ tenant: TENANT }, NOW_MS).executions.find((each) => each.executionId === 'a'),
    ).toMatchObject({ revision: 2n });
    file.close();
  });

  it('takes the row that was told for the last event of a stream, and folds all others', async () => {
    const store = new InMemoryEventStore();
    const [told, first, last] = [event(), event(), event()];
    await store.append('execution-acme.told', 'no_stream', [told]);
    await store.append('execution-acme.moved-on', 'no_stream', [first]);
    await store.append('execution-acme.moved-on', 0n, [last]);
    const rows = [
      { eventId: told.eventId, columns: columnsOf(row('told', { revision: 0n, evaluations: 7 })) },
      { eventId: first.eventId, columns: columnsOf(row('moved-on', { revision: 0n, evaluations: 7 })) },
    ];
    const file = ViewFile.open(path, EXECUTIONS_VIEW);
    await applyNextBatch(
      store,
      file,
      executionsProjector(store, fold, () => Promise.resolve(rows)),
    );
    const evaluations = file.view
      .list({ tenant: TENANT }, NOW_MS)
      .executions.map((each) => [each.executionId, each.evaluations]);
    expect(Object.fromEntries(evaluations)).toEqual({ told: 7, 'moved-on': 2 });
    file.close();
  });

  it('lets no row that was told speak for a foreign event', async () => {
    const store = new InMemoryEventStore();
    const own = event();
    await store.append('execution-acme.a', 'no_stream', [own]);
    await store.append('execution-acme.a', 0n, [event('Foreign')]);
    const rows = [{ eventId: own.eventId, columns: columnsOf(row('a', { revision: 0n })) }];
    const file = ViewFile.open(path, EXECUTIONS_VIEW);
    await applyNextBatch(
      store,
      file,
      executionsProjector(store, fold, () => Promise.resolve(rows)),
    );
    expect(file.view.list({ tenant: TENANT }, NOW_MS).executions).toEqual([]);
    file.close();
  });
});
