import { UnavailableError } from '@writ/errors';
import { InMemoryEventStore } from '@writ/event-store';
import { executionStream, refusalsStream } from '@writ/ledger';
import {
  ACME,
  caller,
  codeOf,
  errorOf,
  holder,
  loan,
  named,
  openLoanLedger,
  report,
  typesIn,
  type TestLedger,
} from './ledger.fixture.js';

const stream = (id: string) => executionStream(ACME, named(id).executionId);

describe('races', () => {
  it('lets one of 64 evaluations of one execution run, and tells each other so', async () => {
    const ledger = await openLoanLedger();
    const calls = Array.from({ length: 64 }, (_, at) =>
      ledger.operations.evaluate(caller, loan('a-1', { holder: holder(at) })),
    );
    const settled = await Promise.allSettled(calls);
    const won = settled.filter((one) => one.status === 'fulfilled');
    expect(won).toHaveLength(1);
    const codes = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(['INV-013']));
    expect(await typesIn(ledger, stream('a-1'))).toEqual(['DecisionAdmitted', 'ReservationPlaced']);
    await ledger.close();
  });

  it('lets one of 64 reports of one attempt end it, and tells equal ones the same', async () => {
    const ledger = await openLoanLedger();
    const request = loan('a-1');
    const { grant } = await ledger.operations.evaluate(caller, request);
    const shared = report(request, grant!);
    const calls = Array.from({ length: 64 }, (_, at) =>
      ledger.operations.commit(caller, at % 2 === 0 ? shared : report(request, grant!)),
    );
    await Promise.allSettled(calls);
    const types = await typesIn(ledger, stream('a-1'));
    expect(types.filter((type) => type === 'ExecutionCommitted')).toHaveLength(1);
    await ledger.close();
  });

  it('holds over two nodes, each with its own memory', async () => {
    const one = await openLoanLedger();
    const two = await one.secondNode();
    for (let round = 0; round < 20; round += 1) {
      const id = `r-${round}`;
      const settled = await Promise.allSettled([
        one.operations.evaluate(caller, loan(id, { holder: holder(1) })),
        two.operations.evaluate(caller, loan(id, { holder: holder(2) })),
      ]);
      expect(settled.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
    }
    await one.close();
  });

  it('does not trust what it remembers when another node has moved on', async () => {
    const one = await openLoanLedger();
    const two = await one.secondNode();
    const request = loan('a-1');
    const { grant } = await one.operations.evaluate(caller, request);
    await two.operations.commit(caller, report(request, grant!));
    // Node one still remembers a live reservation of this very holder.
    expect(await codeOf(one.operations.evaluate(caller, request))).toBe('INV-013');
    await one.close();
  });
});

describe('an answer that got lost', () => {
  const lost = () => new UnavailableError('STORE_OUTCOME_UNKNOWN', 'cut off', { mayHaveHappened: true });

  it('is found again with the same events, once', async () => {
    let cutOff = 0;
    const store = new InMemoryEventStore({
      afterAppend: (name) => {
        if (name.startsWith('execution-') && cutOff++ === 0) throw lost();
      },
    });
    const ledger = await openLoanLedger({ store });
    const { grant } = await ledger.operations.evaluate(caller, loan('a-1'));
    expect(grant).toBeDefined();
    expect(await typesIn(ledger, stream('a-1'))).toHaveLength(2);
    await ledger.close();
  });

  it('is told as such when it stays lost, and the retry of the caller finds what happened', async () => {
    let isCut = true;
    const store = new InMemoryEventStore({
      afterAppend: (name) => {
        if (name.startsWith('execution-') && isCut) throw lost();
      },
    });
    const ledger = await openLoanLedger({ store });
    const error = await errorOf(ledger.operations.evaluate(caller, loan('a-1')));
    expect(error).toMatchObject({ code: 'STORE_OUTCOME_UNKNOWN', details: { mayHaveHappened: true } });
    isCut = false;
    const retried = await ledger.operations.evaluate(caller, loan('a-1'));
    expect(retried).toMatchObject({ reissued: true });
    expect(await typesIn(ledger, stream('a-1'))).toHaveLength(2);
    await ledger.close();
  });

  it('is never an admission when the store is away', async () => {
    let isDown = false;
    const store = new InMemoryEventStore({
      beforeAppend: () => {
        if (isDown) throw new UnavailableError('STORE_FULL', 'full');
      },
    });
    const ledger = await openLoanLedger({ store });
    isDown = true;
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1')))).toBe('STORE_FULL');
    isDown = false;
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1')))).toBeUndefined();
    await ledger.close();
  });
});

describe('refused replays', () => {
  it('are told at once, then counted per window, and never touch the execution', async () => {
    const ledger = await openLoanLedger();
    await ledger.operations.evaluate(caller, loan('a-1'));
    const retry = () => codeOf(ledger.operations.evaluate(caller, loan('a-1', { holder: holder(9) })));
    for (let time = 0; time < 25; time += 1) expect(await retry()).toBe('INV-013');
    await ledger.engine.refusals.flush();
    expect(await typesIn(ledger, refusalsStream(ACME))).toEqual(['ReplayRefused']);
    ledger.nowMs += 60_000;
    await ledger.engine.refusals.flush();
    const events = await ledger.store.readStream(refusalsStream(ACME));
    const data = events.map((event) => JSON.parse(Buffer.from(event.data).toString()));
    expect(data.map(({ count }) => count)).toEqual([1, 24]);
    expect(data[1]).toMatchObject({
      code: 'INV-013',
      operation: 'evaluate',
      executionId: 'a-1',
      actor: { id: 'service-a' },
    });
    expect(await typesIn(ledger, stream('a-1'))).toHaveLength(2);
    await ledger.close();
  });

  it('wait for a store that is away, without failing the call', async () => {
    let isDown = false;
    const store = new InMemoryEventStore({
      beforeAppend: (name) => {
        if (isDown && name.startsWith('refusals-')) throw new UnavailableError('STORE_UNAVAILABLE', 'away');
      },
    });
    const ledger = await openLoanLedger({ store });
    await ledger.operations.evaluate(caller, loan('a-1'));
    isDown = true;
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1', { holder: holder(9) })))).toBe('INV-013');
    await ledger.engine.refusals.flush();
    expect(await typesIn(ledger, refusalsStream(ACME))).toEqual([]);
    isDown = false;
    await ledger.engine.refusals.flush();
    expect(await typesIn(ledger, refusalsStream(ACME))).toEqual(['ReplayRefused']);
    await ledger.close();
  });

  it('of two nodes go into one stream', async () => {
    const one = await openLoanLedger();
    const two = await one.secondNode();
    await one.operations.evaluate(caller, loan('a-1'));
    const refused = (ledger: TestLedger, number: number) =>
      codeOf(ledger.operations.evaluate(caller, loan('a-1', { holder: holder(number) })));
    await refused(one, 8);
    await one.engine.refusals.flush();
    await refused(two, 9);
    await two.engine.refusals.flush();
    one.nowMs += 60_000;
    await refused(one, 10);
    await one.engine.refusals.flush();
    expect(await typesIn(one, refusalsStream(ACME))).toEqual(['ReplayRefused', 'ReplayRefused', 'ReplayRefused']);
    await one.close();
  });
});
