import { parseTenant, type KeyId } from '@writ/encoding';
import {
  ACME,
  auditor,
  caller,
  codeOf,
  countedId,
  errorOf,
  holder,
  loan,
  LOAN,
  loanPolicy,
  named,
  openLoanLedger,
  operator,
  principal,
  type TestLedger,
} from './ledger.fixture.js';
import type { CallContext, ExecutionName, Operations } from './operations.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLoanLedger();
  await ledger.operations.evaluate(caller, loan('there'));
});
afterAll(() => ledger.close());

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** Every call that names an execution which must be there. */
const byName: Record<string, (operations: Operations, context: CallContext, name: ExecutionName) => Promise<unknown>> =
  {
    reserve: (operations, context, name) => operations.reserve(context, { ...name, holder: holder(3) }),
    renew: (operations, context, name) => operations.renew(context, { ...name, attempt: 1, holder: holder(3) }),
    release: (operations, context, name) =>
      operations.release(context, { ...name, attempt: 1, holder: holder(3), reason: '' }),
    commit: (operations, context, name) =>
      operations.commit(context, {
        ...name,
        attempt: 1,
        holder: holder(3),
        commitId: countedId(),
        outcome: 'succeeded',
        parameters: DIGEST,
      }),
    getExecution: (operations, context, name) => operations.getExecution(context, name),
    watchExecution: async (operations, context, name) => {
      for await (const _ of operations.watchExecution(context, name, AbortSignal.timeout(50))) return;
    },
  };

describe('a tenant out of reach', () => {
  const stranger: CallContext = { principal: principal('caller', 'service-b', ['globex']) };
  const globex = parseTenant('globex');

  it.each(Object.keys(byName))('is answered by %s exactly as an execution that does not exist', async (operation) => {
    const call = byName[operation]!;
    const there = await errorOf(call(ledger.operations, stranger, named('there')));
    const notThere = await errorOf(call(ledger.operations, stranger, named('not-there')));
    const own = await errorOf(call(ledger.operations, stranger, { ...named('not-there'), tenant: globex }));
    const shape = (error: typeof there) => [error?.code, error?.message, Object.keys(error?.details ?? {})];
    expect(there?.code).toBe('EXECUTION_NOT_FOUND');
    expect(shape(there)).toEqual(shape(notThere));
    expect(shape(there)).toEqual(shape(own));
  });

  it('is refused alike whatever it holds, where no execution is named', async () => {
    const { operations } = ledger;
    const calls = [
      () => operations.evaluate(stranger, loan('there')),
      () => operations.evaluate(stranger, loan('not-there')),
      () => operations.simulate(stranger, loan('there')),
      () => operations.listExecutions(stranger, { tenant: ACME }),
      () => operations.getPolicy(stranger, { tenant: ACME, policyId: LOAN }),
      () => operations.listPolicies(stranger, { tenant: ACME }),
      () =>
        operations.diffPolicies(stranger, { tenant: ACME, policyId: LOAN, fromVersion: '1.0.3', toVersion: '1.0.3' }),
    ];
    for (const call of calls) expect(await codeOf(call())).toBe('PERMISSION_DENIED');
  });
});

describe('roles', () => {
  const change = { tenant: ACME, policyId: LOAN, version: '1.0.3', reason: 'why not' };
  const { holder: _, ...simulated } = loan('s-1');
  const calls: Record<string, (operations: Operations, context: CallContext) => Promise<unknown>> = {
    evaluate: (operations, context) => operations.evaluate(context, loan('e-1', { holder: null })),
    reserve: (operations, context) => byName['reserve']!(operations, context, named('there')),
    renew: (operations, context) => byName['renew']!(operations, context, named('there')),
    commit: (operations, context) => byName['commit']!(operations, context, named('there')),
    release: (operations, context) => byName['release']!(operations, context, named('there')),
    reconcile: (operations, context) =>
      operations.reconcile(context, { ...named('there'), attempt: 1, outcome: 'failed', reason: 'x' }),
    simulate: (operations, context) => operations.simulate(context, simulated),
    getExecution: (operations, context) => operations.getExecution(context, named('there')),
    listExecutions: (operations, context) => operations.listExecutions(context, { tenant: ACME }),
    lintPolicy: (operations, context) => operations.lintPolicy(context, { text: loanPolicy(), format: 'yaml' }),
    publishPolicy: (operations, context) =>
      operations.publishPolicy(context, { tenant: ACME, text: loanPolicy(), format: 'yaml' }),
    activatePolicy: (operations, context) => operations.activatePolicy(context, change),
    retirePolicy: (operations, context) => operations.retirePolicy(context, { ...change, version: '9.9.9' }),
    getPolicy: (operations, context) => operations.getPolicy(context, { tenant: ACME, policyId: LOAN }),
    listPolicies: (operations, context) => operations.listPolicies(context, { tenant: ACME }),
    listKeys: (operations, context) => operations.listKeys(context),
    rotateKey: (operations, context) => operations.rotateKey(context, { replaces: '0123456789abcdef' as KeyId }),
    revokeKey: (operations, context) =>
      operations.revokeKey(context, { keyId: '0123456789abcdef' as KeyId, reason: 'x' }),
  };
  const refusedFor: Record<string, readonly string[]> = {
    caller: ['reconcile', 'publishPolicy', 'activatePolicy', 'retirePolicy', 'rotateKey', 'revokeKey'],
    auditor: [
      'evaluate',
      'reserve',
      'renew',
      'commit',
      'release',
      'reconcile',
      'publishPolicy',
      'activatePolicy',
      'retirePolicy',
      'rotateKey',
      'revokeKey',
    ],
    operator: [],
  };

  it.each([
    ['caller', caller],
    ['auditor', auditor],
    ['operator', operator],
  ])('%s may do what its role allows and nothing else', async (role, context) => {
    const refused: string[] = [];
    for (const [name, call] of Object.entries(calls)) {
      if ((await codeOf(call(ledger.operations, context))) === 'PERMISSION_DENIED') refused.push(name);
    }
    expect(refused).toEqual(refusedFor[role]);
  });

  it('binds a caller to its actions, for executions of others too', async () => {
    const payments: CallContext = { principal: principal('caller', 'service-c', ['acme'], ['payment.send']) };
    expect(await codeOf(ledger.operations.evaluate(payments, loan('p-1')))).toBe('PERMISSION_DENIED');
    for (const call of Object.values(byName)) {
      expect(await codeOf(call(ledger.operations, payments, named('there')))).toBe('EXECUTION_NOT_FOUND');
    }
  });
});
