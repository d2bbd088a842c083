import { InMemoryEventStore, type NewEvent } from '@writ/event-store';
import { executionStream, policyStream, refusalsStream } from '@writ/ledger';
import {
  ACME,
  caller,
  codeOf,
  countedId,
  holder,
  loan,
  LOAN,
  named,
  openLoanLedger,
  openTestLedger,
  ORIGIN,
  report,
  SECRET_KEY,
  typesIn,
} from './ledger.fixture.js';

const OTHER_KEY = new Uint8Array(32).fill(8);
const stream = (id: string) => executionStream(ACME, named(id).executionId);

/** What another key, or nobody, signed: all bytes of an event but a signature that counts here. */
async function foreignEvents(): Promise<readonly NewEvent[]> {
  const other = await openLoanLedger({ secretKey: OTHER_KEY });
  const request = loan('a-1');
  const { grant } = await other.operations.evaluate(caller, request);
  await other.operations.commit(caller, report(request, grant!));
  const events = await other.store.readStream(stream('a-1'));
  await other.close();
  return events.map(({ eventId: _, ...event }) => ({ ...event, eventId: countedId() }));
}

const strip = ({ eventId, type, typeVersion, data, metadata }: NewEvent) => ({
  eventId,
  type,
  typeVersion,
  data,
  metadata,
});

describe('an event that no key of ours attests', () => {
  it('never changes what is granted: its execution is refused, others go on, and it is told once', async () => {
    const ledger = await openLoanLedger();
    const foreign = await foreignEvents();
    await ledger.store.append(stream('a-1'), 'no_stream', foreign.slice(0, 2).map(strip));
    for (let time = 0; time < 3; time += 1) {
      expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1')))).toBe('FOREIGN_EVENT');
    }
    expect(await codeOf(ledger.operations.getExecution(caller, named('a-1')))).toBe('FOREIGN_EVENT');
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-2')))).toBeUndefined();
    await ledger.engine.foreignEvents.settle();
    expect(await typesIn(ledger, refusalsStream(ACME))).toEqual(['ForeignEventFound']);
    expect(ledger.alarms).toMatchObject([{ kind: 'foreign_event', stream: stream('a-1'), revision: '0' }]);
    const second = await ledger.secondNode();
    expect(await codeOf(second.operations.evaluate(caller, loan('a-1')))).toBe('FOREIGN_EVENT');
    await second.engine.foreignEvents.settle();
    expect(await typesIn(ledger, refusalsStream(ACME))).toEqual(['ForeignEventFound']);
    await ledger.close();
  });

  it('behind a real reservation is no commit, although this node remembers none of it', async () => {
    const ledger = await openLoanLedger();
    const request = loan('a-1');
    const { grant } = await ledger.operations.evaluate(caller, request);
    const [, , committed] = await foreignEvents();
    await ledger.store.append(stream('a-1'), 1n, [strip(committed!)]);
    expect(await codeOf(ledger.operations.commit(caller, report(request, grant!)))).toBe('FOREIGN_EVENT');
    await ledger.close();
  });

  it('is refused for its signature alone, where everything else of it is in order', async () => {
    const other = await openLoanLedger({ secretKey: OTHER_KEY });
    await other.operations.evaluate(caller, loan('a-1'));
    const forged = (await other.store.readStream(stream('a-1'))).map(strip);
    await other.close();
    const ledger = await openLoanLedger();
    await ledger.store.append(stream('a-1'), 'no_stream', forged);
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1', { holder: holder(2) })))).toBe('FOREIGN_EVENT');
    await ledger.close();
  });

  it('copied from another execution of ours is foreign too', async () => {
    const ledger = await openLoanLedger();
    await ledger.operations.evaluate(caller, loan('a-1'));
    const events = await ledger.store.readStream(stream('a-1'));
    const copies = events.map((event) => ({ ...strip(event), eventId: countedId() }));
    await ledger.store.append(stream('a-2'), 'no_stream', copies);
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-2', { holder: holder(2) })))).toBe('FOREIGN_EVENT');
    await ledger.close();
  });

  it('in a policy stream lets that policy decide nothing', async () => {
    const ledger = await openLoanLedger({ policyMaxStaleMs: 0 });
    const other = await openLoanLedger({ secretKey: OTHER_KEY });
    const [publication] = await other.store.readStream(policyStream(ACME, LOAN));
    await ledger.store.append(policyStream(ACME, LOAN), 1n, [{ ...strip(publication!), eventId: countedId() }]);
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1')))).toBe('FOREIGN_EVENT');
    expect(await typesIn(ledger, stream('a-1'))).toEqual([]);
    await ledger.close();
    await other.close();
  });
});

describe('keys', () => {
  it('begin a store with KeyAdded, and find it again', async () => {
    const ledger = await openTestLedger();
    const [first] = await ledger.store.readAll({ maxCount: 10 });
    expect(first).toMatchObject({ stream: `keys-${ORIGIN}`, type: 'KeyAdded', revision: 0n });
    await ledger.secondNode();
    expect(await ledger.store.readAll({ maxCount: 10 })).toHaveLength(1);
    await ledger.close();
  });

  it('refuse another key, another origin, and an empty store that nobody asked to begin', async () => {
    const { store } = await openTestLedger({ secretKey: SECRET_KEY });
    expect(await codeOf(openTestLedger({ store, secretKey: OTHER_KEY }))).toBe('KEY_MISMATCH');
    expect(await codeOf(openTestLedger({ store, origin: 'ledger.test/two' }))).toBe('STORE_NOT_OURS');
    const empty = new InMemoryEventStore();
    expect(await codeOf(openTestLedger({ store: empty, mayBegin: false }))).toBe('STORE_MISSING');
  });
});
