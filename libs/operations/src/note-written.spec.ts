import { UnavailableError } from '@writ/errors';
import { InMemoryEventStore, withAppend } from '@writ/event-store';
import { executionStream } from '@writ/ledger';
import { ACME, caller, codeOf, loan, named, openLoanLedger } from './ledger.fixture.js';

const stream = executionStream(ACME, named('a-1').executionId);

describe('what the index is told of an append', () => {
  it('is told once the store has acknowledged it', async () => {
    const inner = new InMemoryEventStore();
    const happened: string[] = [];
    const store = withAppend(inner, async (name, ...rest) => {
      const result = await inner.append(name, ...rest);
      // A turn of the event loop later: what runs beside an append has run.
      await new Promise((resolve) => setImmediate(resolve));
      if (name === stream) happened.push('acknowledged');
      return result;
    });
    const ledger = await openLoanLedger({ store });
    ledger.engine.ports.index.noteWriting = (log) => {
      happened.push(`prepared ${log.events.length}`);
      return () => happened.push('told');
    };
    const { grant } = await ledger.operations.evaluate(caller, loan('a-1'));
    expect(grant).toBeDefined();
    expect(happened).toEqual(['prepared 2', 'acknowledged', 'told']);
    await ledger.close();
  });

  it('is told where the store acknowledges at once', async () => {
    const ledger = await openLoanLedger();
    let told = 0;
    ledger.engine.ports.index.noteWriting = () => () => (told += 1);
    await ledger.operations.evaluate(caller, loan('a-1'));
    expect(told).toBe(1);
    await ledger.close();
  });

  it('is not told of an append that the store refused', async () => {
    const inner = new InMemoryEventStore();
    const store = withAppend(inner, async (name, ...rest) => {
      if (name !== stream) return inner.append(name, ...rest);
      throw new UnavailableError('STORE_FULL', 'no room');
    });
    const ledger = await openLoanLedger({ store });
    let told = 0;
    ledger.engine.ports.index.noteWriting = () => () => (told += 1);
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1')))).toBe('STORE_FULL');
    expect(told).toBe(0);
    await ledger.close();
  });
});
