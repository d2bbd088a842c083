import { ConflictError, IntegrityError, RejectedError, UnavailableError } from '@writ/errors';
import { parametersCommitment, type Grant } from '@writ/evidence';
import type { EvaluateAnswer, Receipt } from './answers.js';
import { EffectDidNotHappen } from './effect.js';
import { executeFromSignals, type ExecutionCalls } from './execute-from-signals.js';
import { createTestKey, grantFor, ORIGIN, PARAMETERS, receiptWith, signedBy, TENANT } from './grants.fixture.js';
import type { CommitRequest, EvaluateRequest } from './requests.js';

const key = createTestKey();
const intent = {
  executionId: 'pay-1',
  action: 'payment.send',
  subject: 'invoice 1',
  parameters: PARAMETERS,
  signals: { amount: 10 },
  policyId: 'payments',
};
const COMMITTED = { succeeded: 'ExecutionCommitted', failed: 'ExecutionFailed', unknown: 'OutcomeUnknown' };

/** A ledger that grants everything, with one or the other thing changed. */
class FakeLedger implements ExecutionCalls {
  readonly tenant = TENANT;
  readonly timeouts = { commitMs: 1_000 };
  readonly asked: EvaluateRequest[] = [];
  readonly reported: CommitRequest[] = [];
  trust: ExecutionCalls['trust'] = { origin: ORIGIN, keys: [key] };
  signer = key;
  grant: Partial<Grant> = {};
  onEvaluate: (request: EvaluateRequest) => Promise<EvaluateAnswer> | undefined = () => undefined;
  onCommit: (request: CommitRequest) => Promise<{ receipt: Receipt }> | undefined = () => undefined;
  onGetExecution: () => never = () => {
    throw new UnavailableError('SERVER_UNREACHABLE', 'gone');
  };

  async evaluate(request: EvaluateRequest): Promise<EvaluateAnswer> {
    this.asked.push(request);
    return this.onEvaluate(request) ?? this.granted(request);
  }

  granted({ holder }: EvaluateRequest): EvaluateAnswer {
    const grant = signedBy(this.signer, grantFor(holder as Uint8Array, this.grant));
    return { receipt: receiptWith('admitted', 'DecisionAdmitted', 'ReservationPlaced'), grant, reissued: false };
  }

  async commit(request: CommitRequest): Promise<{ receipt: Receipt }> {
    this.reported.push(request);
    return this.onCommit(request) ?? { receipt: receiptWith('admitted', COMMITTED[request.outcome]) };
  }

  async renew(): Promise<never> {
    throw new RejectedError('LEASE_LIMIT', 'no longer');
  }

  async getExecution(): Promise<never> {
    return this.onGetExecution();
  }
}

let ledger: FakeLedger;
let effect: jest.Mock;
beforeEach(() => {
  ledger = new FakeLedger();
  effect = jest.fn(() => 'paid');
});

describe('executeFromSignals', () => {
  it('asks, runs, and reports what ran', async () => {
    const outcome = await executeFromSignals(ledger, intent, effect, { ttlMs: 5_000, reevaluate: 'd-1' });
    expect(outcome).toMatchObject({ kind: 'executed', result: 'paid', attempt: 1 });
    expect(ledger.asked).toHaveLength(1);
    expect(ledger.asked[0]).toMatchObject({ executionId: 'pay-1', ttlMs: 5_000, reevaluate: 'd-1' });
    const { holder } = ledger.asked[0]!;
    expect(holder).toHaveLength(16);
    expect(effect).toHaveBeenCalledTimes(1);
    expect(effect.mock.calls[0][0]).toMatchObject({
      attempt: 1,
      fencingToken: 1,
      idempotencyKey: 'pay-1',
      parameters: PARAMETERS,
      grant: { origin: ORIGIN },
    });
    expect(ledger.reported).toEqual([
      {
        executionId: 'pay-1',
        attempt: 1,
        holder,
        commitId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        outcome: 'succeeded',
        parameters: parametersCommitment(grantFor(holder!), PARAMETERS),
        result: 'paid',
      },
    ]);
  });

  it('draws another holder for every call', async () => {
    await executeFromSignals(ledger, intent, effect);
    await executeFromSignals(ledger, intent, effect);
    expect(ledger.asked[0]?.holder).not.toEqual(ledger.asked[1]?.holder);
  });

  describe('runs nothing without a grant that verifies', () => {
    const tampered: [string, () => void, string][] = [
      [
        'of another execution',
        () => (ledger.grant = { executionId: 'pay-2' as Grant['executionId'] }),
        'GRANT_MISMATCH',
      ],
      ['of another tenant', () => (ledger.grant = { tenant: 'other' as Grant['tenant'] }), 'GRANT_MISMATCH'],
      ['for another action', () => (ledger.grant = { action: 'payment.refund' }), 'GRANT_MISMATCH'],
      [
        'for another holder',
        () => (ledger.grant = { holderHash: `sha256:${'1'.repeat(64)}` as Grant['holderHash'] }),
        'HOLDER_MISMATCH',
      ],
      [
        'for other arguments',
        () => (ledger.grant = { parameters: `sha256:${'1'.repeat(64)}` as Grant['parameters'] }),
        'PARAMETERS_MISMATCH',
      ],
      ['of another origin', () => (ledger.grant = { origin: 'other.example/writ' }), 'SIGNATURE_INVALID'],
      ['signed by a stranger', () => (ledger.signer = createTestKey()), 'KEY_UNKNOWN'],
    ];
    it.each(tampered)('%s', async (_, tamper, code) => {
      tamper();
      await expect(executeFromSignals(ledger, intent, effect)).rejects.toMatchObject({ code });
      expect(effect).not.toHaveBeenCalled();
      expect(ledger.reported).toEqual([]);
    });

    it('that the ledger kept to itself', async () => {
      ledger.onEvaluate = async () => ({ receipt: receiptWith('admitted', 'DecisionAdmitted'), reissued: false });
      await expect(executeFromSignals(ledger, intent, effect)).rejects.toMatchObject({ code: 'ADMISSION_LAPSED' });
      expect(effect).not.toHaveBeenCalled();
    });

    it('that came when it was over: it says that nothing happened', async () => {
      ledger.grant = { ttlMs: 20 };
      ledger.onEvaluate = async (request) => {
        await new Promise((wake) => setTimeout(wake, 40));
        return ledger.granted(request);
      };
      expect(await executeFromSignals(ledger, intent, effect)).toMatchObject({ kind: 'failed' });
      expect(effect).not.toHaveBeenCalled();
      expect(ledger.reported).toMatchObject([{ outcome: 'failed' }]);
    });
  });

  it.each([
    new RejectedError('PERMISSION_DENIED', 'no'),
    new IntegrityError('FOREIGN_EVENT', 'stop'),
    new ConflictError('REVISION_CONFLICT', 'no'),
  ])('throws %s before anything runs', async (error) => {
    ledger.onEvaluate = () => Promise.reject(error);
    await expect(executeFromSignals(ledger, intent, effect)).rejects.toBe(error);
    expect(effect).not.toHaveBeenCalled();
  });

  it('tells the original receipt of INV-013, also where it has to be fetched, or cannot be', async () => {
    const original = receiptWith('admitted', 'DecisionAdmitted');
    const details = { reason: 'committed', receipt: original };
    ledger.onEvaluate = () => Promise.reject(new ConflictError('INV-013', 'no', details));
    expect(await executeFromSignals(ledger, intent, effect)).toMatchObject({
      kind: 'replayed',
      reason: 'committed',
      receipt: original,
    });
    ledger.onEvaluate = () => Promise.reject(new ConflictError('INV-013', 'no', { receiptOmitted: true }));
    expect(await executeFromSignals(ledger, intent, effect)).toMatchObject({ kind: 'replayed', receipt: undefined });
    expect(effect).not.toHaveBeenCalled();
  });

  it('asks again under the same holder, once, when it was not answered', async () => {
    let answers = 0;
    ledger.onEvaluate = () =>
      (answers += 1) === 1
        ? Promise.reject(new UnavailableError('SERVER_UNREACHABLE', 'lost', { mayHaveHappened: true }))
        : undefined;
    const outcome = await executeFromSignals(ledger, intent, effect);
    if (outcome.kind !== 'unavailable') throw new Error(outcome.kind);
    expect(outcome.mayHaveHappened).toBe(true);
    expect(await outcome.retry()).toMatchObject({ kind: 'executed' });
    expect(outcome.retry()).toBe(outcome.retry());
    expect(ledger.asked.map(({ holder }) => holder)).toEqual([ledger.asked[0]?.holder, ledger.asked[0]?.holder]);
    expect(effect).toHaveBeenCalledTimes(1);
  });

  const endings: [string, () => unknown, string, string, string][] = [
    ['returns', () => 'paid', 'succeeded', 'happened', 'executed'],
    ['did not happen', () => Promise.reject(new EffectDidNotHappen('declined')), 'failed', 'did-not-happen', 'failed'],
    ['throws', () => Promise.reject(new Error('boom')), 'unknown', 'unknown', 'unknown'],
    [
      'throws at once',
      () => {
        throw new TypeError('boom');
      },
      'unknown',
      'unknown',
      'unknown',
    ],
  ];
  describe.each(endings)('an effect that %s', (_, run, reported, happened, kind) => {
    it('is reported so', async () => {
      const outcome = await executeFromSignals(ledger, intent, run);
      expect(outcome).toMatchObject({ kind });
      expect(ledger.reported).toMatchObject([{ outcome: reported }]);
    });

    it.each([
      new UnavailableError('STORE_UNAVAILABLE', 'gone'),
      new RejectedError('HOLDER_MISMATCH', 'no'),
      new ConflictError('INV-013', 'no'),
      new IntegrityError('FOREIGN_EVENT', 'stop'),
      new TypeError('a bug'),
    ])('never throws when its report ends in %s', async (error) => {
      ledger.onCommit = () => Promise.reject(error);
      const outcome = await executeFromSignals(ledger, intent, run);
      expect(outcome).toMatchObject({ kind: 'unknown', effect: happened, recorded: false, error });
      expect(outcome).toMatchObject({ report: ledger.reported[0] });
    });

    it('is not settled by a report that came after another attempt', async () => {
      ledger.onCommit = async () => ({ receipt: receiptWith('admitted', 'LateOutcomeReported') });
      expect(await executeFromSignals(ledger, intent, run)).toMatchObject({
        kind: 'unknown',
        effect: happened,
        recorded: true,
      });
    });
  });

  it('reports without the result when the ledger cannot take it, under the same commit id', async () => {
    ledger.onCommit = ({ result }) =>
      result === undefined ? undefined : Promise.reject(new RejectedError('REQUEST_TOO_LARGE', 'no'));
    expect(await executeFromSignals(ledger, intent, effect)).toMatchObject({ kind: 'executed', resultRecorded: false });
    expect(ledger.reported).toHaveLength(2);
    expect(ledger.reported[1]).not.toHaveProperty('result');
    expect(ledger.reported[1]?.commitId).toBe(ledger.reported[0]?.commitId);
  });

  it('refuses parameters without a JSON form before asking', async () => {
    const parameters = { amount: Number.NaN };
    await expect(executeFromSignals(ledger, { ...intent, parameters }, effect)).rejects.toMatchObject({
      kind: 'Rejected',
    });
    expect(ledger.asked).toEqual([]);
  });
});
