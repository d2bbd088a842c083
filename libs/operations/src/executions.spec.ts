import { executionStream } from '@writ/ledger';
import { parseGrant, verifyAttestation, verifyGrant } from '@writ/evidence';
import {
  ACME,
  caller,
  codeOf,
  errorOf,
  holder,
  loan,
  MAX_SKEW_MS,
  named,
  openLoanLedger,
  operator,
  ORIGIN,
  report,
  START_MS,
  typesIn,
  type TestLedger,
} from './ledger.fixture.js';
import type { Receipt } from './operations.js';
import { sweepDue } from './sweep-execution.js';

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLoanLedger();
});
afterEach(() => ledger.close());

const stream = (id: string) => executionStream(ACME, named(id).executionId);
const trust = () => ({
  origin: ORIGIN,
  keys: [{ keyId: ledger.attestor.keyId, publicKey: ledger.attestor.publicKey }],
});

describe('evaluate', () => {
  it('admits, reserves and grants in one append, every field signed', async () => {
    const request = loan('a-1');
    const { receipt, grant, reissued } = await ledger.operations.evaluate(caller, request);
    expect(await typesIn(ledger, stream('a-1'))).toEqual(['DecisionAdmitted', 'ReservationPlaced']);
    expect(reissued).toBe(false);
    expect(receipt).toMatchObject({
      tenant: 'acme',
      executionId: 'a-1',
      replayed: false,
      signalsDiffer: false,
      decision: { outcome: 'admitted', rule: 'prime', evaluation: 1, policyVersion: '1.0.3', evaluatedAtMs: START_MS },
      reservation: { attempt: 1, ttlMs: 300_000, expiresAtMs: START_MS + 300_000 },
    });
    for (const event of receipt.events) expect(() => verifyAttestation(event.attestation, trust())).not.toThrow();
    const granted = verifyGrant(grant!, trust(), {
      nowMs: START_MS,
      tenant: 'acme',
      executionId: 'a-1',
      action: 'loan.disburse',
      parameters: request.intent.parameters,
      holderHash: receipt.reservation!.holderHash,
    });
    expect(granted).toMatchObject({ attempt: 1, expiresAtMs: START_MS + 300_000, ttlMs: 300_000 });
  });

  it('stores no value of a signal, of the parameters or of the subject in the data', async () => {
    await ledger.operations.evaluate(caller, loan('a-1', { amount: 14_321 }));
    const text = (await ledger.store.readStream(stream('a-1'))).map(({ data }) => Buffer.from(data).toString()).join();
    for (const value of ['14321', 'experian', 'customer-17', '720']) expect(text).not.toContain(value);
  });

  it('denies with a coded reason and grants nothing', async () => {
    const { receipt, grant } = await ledger.operations.evaluate(caller, loan('a-1', { score: 600 }));
    expect(receipt.decision).toMatchObject({ outcome: 'denied' });
    expect(receipt.decision.reasons[0]?.code).toBe('RULE');
    expect(grant).toBeUndefined();
    expect(await typesIn(ledger, stream('a-1'))).toEqual(['DecisionDenied']);
  });

  it('escalates and grants nothing', async () => {
    const { receipt, grant } = await ledger.operations.evaluate(caller, loan('a-1', { amount: 50_000 }));
    expect(receipt.decision).toMatchObject({ outcome: 'escalated', rule: 'large' });
    expect(grant).toBeUndefined();
  });

  it('tells the original receipt again where nothing is asked to run', async () => {
    const first = await ledger.operations.evaluate(caller, loan('a-1', { score: 600 }));
    const again = await ledger.operations.evaluate(caller, loan('a-1', { score: 601 }));
    expect(again.receipt.events).toEqual(first.receipt.events);
    expect(again.receipt).toMatchObject({ replayed: true, signalsDiffer: true });
    const same = await ledger.operations.evaluate(caller, loan('a-1', { score: 600 }));
    expect(same.receipt).toMatchObject({ replayed: true, signalsDiffer: false });
  });

  it('gives the live holder its grant again, payload for payload', async () => {
    const first = await ledger.operations.evaluate(caller, loan('a-1'));
    ledger.nowMs += 5_000;
    const again = await ledger.operations.evaluate(caller, loan('a-1'));
    expect(again).toMatchObject({ reissued: true, receipt: { replayed: true } });
    expect(again.grant?.payload).toBe(first.grant?.payload);
    expect(await typesIn(ledger, stream('a-1'))).toHaveLength(2);
  });

  it('answers INV-013 with the original receipt to another holder, to another intent, and after the end', async () => {
    const request = loan('a-1');
    const { receipt, grant } = await ledger.operations.evaluate(caller, request);
    const other = await errorOf(ledger.operations.evaluate(caller, loan('a-1', { holder: holder(2) })));
    expect(other).toMatchObject({ code: 'INV-013', details: { receipt: { replayed: true } } });
    expect((other?.details['receipt'] as Receipt).events[0]).toEqual(receipt.events[0]);
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1', { amount: 15_001 })))).toBe('INV-013');
    await ledger.operations.commit(caller, report(request, grant!));
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1', { holder: holder(3) })))).toBe('INV-013');
    expect(await typesIn(ledger, stream('a-1'))).toEqual([
      'DecisionAdmitted',
      'ReservationPlaced',
      'ExecutionCommitted',
    ]);
  });

  it('re-evaluates a denial that is named, and only so', async () => {
    const { receipt } = await ledger.operations.evaluate(caller, loan('a-1', { score: 600 }));
    const { decisionId } = receipt.decision;
    const second = await ledger.operations.evaluate(caller, { ...loan('a-1'), reevaluate: decisionId as never });
    expect(second.receipt.decision).toMatchObject({ outcome: 'admitted', evaluation: 2 });
    expect(second.grant).toBeDefined();
  });

  it('uses up no id for what is not an intent', async () => {
    const request = loan('a-1');
    const wrong = [
      { ...request, intent: { ...request.intent, action: 'a b' } },
      { ...request, intent: { ...request.intent, subject: '' } },
      { ...request, intent: { ...request.intent, signals: { ['__proto__x y']: { value: 1 } } } },
      { ...request, intent: { ...request.intent, signals: JSON.parse('{"__proto__":{"value":1}}') } },
      { ...request, holder: new Uint8Array(15) },
    ];
    for (const one of wrong) expect(await codeOf(ledger.operations.evaluate(caller, one))).toMatch(/INVALID$/);
    expect(
      await codeOf(
        ledger.operations.evaluate(caller, { ...request, intent: { ...request.intent, policyId: 'other' as never } }),
      ),
    ).toBe('POLICY_UNKNOWN');
    expect(await typesIn(ledger, stream('a-1'))).toEqual([]);
  });

  it('begins nothing past the deadline', async () => {
    const error = await errorOf(ledger.operations.evaluate({ ...caller, deadlineMs: START_MS }, loan('a-1')));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', details: { mayHaveHappened: false } });
    expect(await typesIn(ledger, stream('a-1'))).toEqual([]);
  });

  it('simulates without a trace', async () => {
    const { holder: _, ...request } = loan('a-1');
    const { decision, diagnostics } = await ledger.operations.simulate(caller, request);
    expect(decision).toMatchObject({ decisionId: '', outcome: 'admitted', rule: 'prime' });
    expect(diagnostics).toHaveLength(1);
    expect(await typesIn(ledger, stream('a-1'))).toEqual([]);
  });
});

describe('running once', () => {
  it('reserves later what was only decided', async () => {
    const { grant: none } = await ledger.operations.evaluate(caller, loan('a-1', { holder: null }));
    expect(none).toBeUndefined();
    const { grant, receipt, reissued } = await ledger.operations.reserve(caller, {
      ...named('a-1'),
      holder: holder(1),
    });
    expect(parseGrant(grant.payload).attempt).toBe(1);
    expect(receipt.events.map((event) => event.type)).toEqual(['DecisionAdmitted', 'ReservationPlaced']);
    expect(reissued).toBe(false);
  });

  it('takes the same commit twice and tells it once', async () => {
    const request = loan('a-1');
    const { grant } = await ledger.operations.evaluate(caller, request);
    const commit = report(request, grant!, { result: { paid: true } });
    const first = await ledger.operations.commit(caller, commit);
    const again = await ledger.operations.commit(caller, commit);
    expect(again.receipt.events).toEqual(first.receipt.events);
    expect([first.receipt.replayed, again.receipt.replayed]).toEqual([false, true]);
    expect(await codeOf(ledger.operations.commit(caller, { ...commit, result: { paid: false } }))).toBe('INV-013');
    expect((await ledger.operations.getExecution(caller, named('a-1'))).state).toBe('committed');
  });

  it('refuses and records a commit of other arguments', async () => {
    const request = loan('a-1');
    const { grant } = await ledger.operations.evaluate(caller, request);
    const other = { ...request, intent: { ...request.intent, parameters: { amount: 1 } } };
    expect(await codeOf(ledger.operations.commit(caller, report(other, grant!)))).toBe('PARAMETERS_MISMATCH');
    await ledger.engine.refusals.flush();
    expect(await typesIn(ledger, 'refusals-acme')).toEqual(['ReplayRefused']);
  });

  it('renews for the holder with a new grant of the same attempt', async () => {
    await ledger.operations.evaluate(caller, loan('a-1'));
    ledger.nowMs += 100_000;
    const renewed = await ledger.operations.renew(caller, { ...named('a-1'), attempt: 1, holder: holder(1) });
    expect(parseGrant(renewed.grant.payload)).toMatchObject({ attempt: 1, expiresAtMs: START_MS + 400_000 });
    const other = ledger.operations.renew(caller, { ...named('a-1'), attempt: 1, holder: holder(2) });
    expect(await codeOf(other)).toBe('HOLDER_MISMATCH');
  });

  it('opens again after a release', async () => {
    await ledger.operations.evaluate(caller, loan('a-1'));
    const name = named('a-1');
    await ledger.operations.release(caller, { ...name, attempt: 1, holder: holder(1), reason: 'not needed' });
    expect((await ledger.operations.getExecution(caller, name)).state).toBe('open');
    const { grant } = await ledger.operations.evaluate(caller, loan('a-1', { holder: holder(2) }));
    expect(parseGrant(grant!.payload).attempt).toBe(2);
  });

  it('holds an expired attempt of effect once until it is reconciled', async () => {
    await ledger.operations.evaluate(caller, loan('a-1'));
    const name = named('a-1');
    ledger.nowMs = START_MS + 300_000 + MAX_SKEW_MS;
    expect((await ledger.operations.getExecution(caller, name)).state).toBe('lapsed');
    ledger.due.push(name);
    const failures: unknown[] = [];
    expect(
      await sweepDue(
        ledger.engine,
        (_, error) => failures.push(error),
        () => false,
      ),
    ).toBe(1);
    expect(failures).toEqual([]);
    expect((await ledger.operations.getExecution(caller, name)).state).toBe('unknown');
    expect(await codeOf(ledger.operations.evaluate(caller, loan('a-1', { holder: holder(2) })))).toBe('INV-013');
    const settled = { ...name, attempt: 1, outcome: 'failed' as const, reason: 'looked at the bank statement' };
    expect(await codeOf(ledger.operations.reconcile(caller, settled))).toBe('PERMISSION_DENIED');
    await ledger.operations.reconcile(operator, settled);
    const { grant } = await ledger.operations.evaluate(caller, loan('a-1', { holder: holder(2) }));
    expect(parseGrant(grant!.payload).attempt).toBe(2);
  });

  it('keeps a late commit of the last holder', async () => {
    const request = loan('a-1');
    const { grant } = await ledger.operations.evaluate(caller, request);
    ledger.nowMs += 3_600_000;
    await ledger.operations.commit(caller, report(request, grant!));
    expect((await ledger.operations.getExecution(caller, named('a-1'))).state).toBe('committed');
  });

  it('refuses an execution whose last event lies in the future, and that one alone', async () => {
    await ledger.operations.evaluate(caller, loan('a-1'));
    ledger.nowMs -= 3_600_000;
    const late = loan('a-1', { holder: holder(2) });
    expect(await codeOf(ledger.operations.evaluate(caller, late))).toBe('CLOCK_AHEAD');
    const other = loan('a-2', { nowMs: ledger.nowMs, holder: null });
    expect(await codeOf(ledger.operations.evaluate(caller, other))).not.toBe('CLOCK_AHEAD');
  });
});

describe('watch', () => {
  it('tells the execution now and after each change', async () => {
    const request = loan('a-1');
    const { grant } = await ledger.operations.evaluate(caller, request);
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const view of ledger.operations.watchExecution(caller, named('a-1'), stop.signal)) {
      seen.push(view.state);
      if (view.state === 'reserved') await ledger.operations.commit(caller, report(request, grant!));
      if (view.state === 'committed') stop.abort();
    }
    expect(seen).toEqual(['reserved', 'committed']);
  });
});
