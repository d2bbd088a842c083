import { canonicalise, parsePolicyId } from '@writ/encoding';
import { InMemoryEventStore, type RecordedEvent } from '@writ/event-store';
import { policyStream } from '@writ/ledger';
import {
  ACME,
  auditor,
  caller,
  codeOf,
  errorOf,
  loan,
  LOAN,
  loanPolicy,
  openLoanLedger,
  openTestLedger,
  operator,
  putInForce,
  typesIn,
  type TestLedger,
} from './ledger.fixture.js';
import { Policies } from './policies.js';

const lenient = loanPolicy((text) => text.replace('version: 1.0.3', 'version: 1.1.0').replace('>= 700', '>= 600'));
const publish = (ledger: TestLedger, text: string) =>
  ledger.operations.publishPolicy(operator, { tenant: ACME, text, format: 'yaml' });
const activate = (ledger: TestLedger, version: string, reason = '') =>
  ledger.operations.activatePolicy(operator, { tenant: ACME, policyId: LOAN, version, reason });

describe('policies', () => {
  it('decide only once they are activated', async () => {
    const ledger = await openTestLedger();
    const { policy, replayed } = await publish(ledger, loanPolicy());
    expect([policy.state, replayed]).toEqual(['published', false]);
    const { receipt } = await ledger.operations.evaluate(caller, loan('a-1'));
    expect(receipt.decision).toMatchObject({
      outcome: 'denied',
      reasons: [{ code: 'NO_POLICY_IN_FORCE' }],
      policyVersion: '',
    });
    expect((await activate(ledger, '1.0.3')).policy.state).toBe('in_force');
    const again = { ...loan('a-1'), reevaluate: receipt.decision.decisionId as never };
    expect((await ledger.operations.evaluate(caller, again)).receipt.decision.outcome).toBe('admitted');
    await ledger.close();
  });

  it('record the activation that decided', async () => {
    const ledger = await openLoanLedger();
    const { receipt } = await ledger.operations.evaluate(caller, loan('a-1'));
    const activation = (await ledger.store.readStream(policyStream(ACME, LOAN)))[1];
    expect(JSON.parse(receipt.events[0]!.data).policy).toMatchObject({
      version: '1.0.3',
      activation: { eventId: activation?.eventId, revision: '1' },
    });
    await ledger.close();
  });

  it('publish the same again as a replay, and never another text under the same version', async () => {
    const ledger = await openLoanLedger();
    expect((await publish(ledger, loanPolicy())).replayed).toBe(true);
    const changed = loanPolicy((text) => text.replace('prime borrower', 'prime debtor'));
    expect(await codeOf(publish(ledger, changed))).toBe('POLICY_VERSION_EXISTS');
    expect(await typesIn(ledger, policyStream(ACME, LOAN))).toEqual(['PolicyPublished', 'PolicyActivated']);
    await ledger.close();
  });

  it('refuse a text with findings, and one whose own tests fail', async () => {
    const ledger = await openTestLedger();
    const broken = await errorOf(
      publish(
        ledger,
        loanPolicy((text) => text.replace('credit_score >=', 'credit_scor >=')),
      ),
    );
    expect(broken).toMatchObject({ code: 'POLICY_INVALID' });
    expect((broken?.details['findings'] as unknown[]).length).toBeGreaterThan(0);
    const failing = loanPolicy((text) => text.replace('>= 700', '>= 800'));
    expect(await codeOf(publish(ledger, failing))).toBe('POLICY_TESTS_FAILED');
    const lint = await ledger.operations.lintPolicy(auditor, { text: failing, format: 'yaml' });
    expect(lint.publishable).toBe(false);
    expect(lint.tests.some((test) => !test.passed)).toBe(true);
    await ledger.close();
  });

  it('go back to an older version only with a reason', async () => {
    const ledger = await openLoanLedger();
    await publish(
      ledger,
      loanPolicy((text) => text.replace('version: 1.0.3', 'version: 1.1.0')),
    );
    await activate(ledger, '1.1.0');
    expect(await codeOf(activate(ledger, '1.0.3'))).toBe('POLICY_ACTIVATION_INVALID');
    expect((await activate(ledger, '1.0.3', 'too lenient')).policy.state).toBe('in_force');
    const states = (await ledger.operations.listPolicies(auditor, { tenant: ACME })).map(({ version, state }) => [
      version,
      state,
    ]);
    expect(states).toEqual([
      ['1.0.3', 'in_force'],
      ['1.1.0', 'superseded'],
    ]);
    await ledger.close();
  });

  it('deny everything once the version in force is retired', async () => {
    const ledger = await openLoanLedger();
    await ledger.operations.retirePolicy(operator, { tenant: ACME, policyId: LOAN, version: '1.0.3', reason: 'old' });
    const { receipt } = await ledger.operations.evaluate(caller, loan('a-1'));
    expect(receipt.decision.reasons[0]?.code).toBe('NO_POLICY_IN_FORCE');
    await ledger.close();
  });

  it('are seen by another node within the time that is set, and at once by the one that changed them', async () => {
    const one = await openLoanLedger();
    const two = await one.secondNode();
    const outcome = async (ledger: TestLedger, id: string) =>
      (await ledger.operations.evaluate(caller, loan(id, { nowMs: ledger.nowMs }))).receipt.decision.policyVersion;
    expect(await outcome(two, 'a-1')).toBe('1.0.3');
    await putInForce(
      one,
      loanPolicy((text) => text.replace('version: 1.0.3', 'version: 1.1.0')),
    );
    expect(await outcome(one, 'a-2')).toBe('1.1.0');
    two.nowMs += 1_000;
    expect(await outcome(two, 'a-3')).toBe('1.1.0');
    await one.close();
  });

  it('decide nothing when a byte of the stored document differs', async () => {
    const store = new TamperingStore();
    const ledger = await openLoanLedger({ store });
    store.tamper = (event) => {
      if (event.type !== 'PolicyPublished') return event;
      const data = JSON.parse(Buffer.from(event.data).toString());
      data.document.rules[0].reason = 'another reason';
      return { ...event, data: canonicalise(data) };
    };
    const second = await ledger.secondNode();
    expect(await codeOf(second.operations.evaluate(caller, loan('a-1')))).toBe('FOREIGN_EVENT');
    await ledger.close();
  });

  it('are hashed again before they decide, whatever attests them', async () => {
    const ledger = await openLoanLedger();
    const log = await ledger.engine.policies.read(ACME, LOAN);
    // One that has compiled nothing yet.
    const policies = new Policies(ledger.engine.ports, ledger.engine.keys, ledger.engine.foreignEvents);
    const [published] = log.state.versions;
    const swapped = { ...published!, document: { ...published!.document, description: 'another text' } };
    expect(() => policies.compiled(log, swapped)).toThrow(expect.objectContaining({ code: 'POLICY_DIGEST_MISMATCH' }));
    await ledger.close();
  });

  it('are compared by name', async () => {
    const ledger = await openLoanLedger();
    await publish(ledger, lenient).catch(() => undefined);
    const stricter = loanPolicy((text) =>
      text.replace('version: 1.0.3', 'version: 1.2.0').replace('prime borrower', 'good borrower'),
    );
    await publish(ledger, stricter);
    const changes = await ledger.operations.diffPolicies(auditor, {
      tenant: ACME,
      policyId: LOAN,
      fromVersion: '1.0.3',
      toVersion: '1.2.0',
    });
    expect(changes).toContainEqual(expect.objectContaining({ kind: 'rules', name: 'prime', change: 'changed' }));
    await ledger.close();
  });

  it('say what is not there', async () => {
    const ledger = await openLoanLedger();
    const unknown = parsePolicyId('nobody');
    expect(await codeOf(ledger.operations.getPolicy(auditor, { tenant: ACME, policyId: unknown }))).toBe(
      'POLICY_UNKNOWN',
    );
    expect(await codeOf(ledger.operations.getPolicy(auditor, { tenant: ACME, policyId: LOAN, version: '9.9.9' }))).toBe(
      'POLICY_VERSION_UNKNOWN',
    );
    expect((await ledger.operations.getPolicy(auditor, { tenant: ACME, policyId: LOAN })).document).toMatchObject({
      id: LOAN,
    });
    await ledger.close();
  });
});

/** A store whose reader changes what it hands out: an operator with a hex editor. */
class TamperingStore extends InMemoryEventStore {
  tamper: (event: RecordedEvent) => RecordedEvent = (event) => event;

  override async readStream(...args: Parameters<InMemoryEventStore['readStream']>) {
    return (await super.readStream(...args)).map(this.tamper);
  }
}
