import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newCommitId } from '@writ/client';
import { parseExecutionId, parsePolicyId, parseTenant } from '@writ/encoding';
import { parametersCommitment, parseGrant } from '@writ/evidence';
import { openInstance, parseSettings, type Instance } from '@writ/instance';
import { outcomeOf, type Outcome } from '../../fault/harness/outcome.js';
import type { AppendFault } from '../double/faults.js';
import { startDouble, type Double } from '../double/start-double.js';
import { PASSING_FAULTS, UnhandledRejections, until } from './double-suite.js';

/** A whole ledger on the double: what its callers are told, held against what is durably there. */

jest.setTimeout(120_000);

const TENANT = parseTenant('acme');
const POLICY = readFileSync(join(__dirname, '../../../docs/policies/loan-approval.yaml'), 'utf8');
/** Of a caller whose store takes nothing: long enough for an append to be sent and sent again. */
const PATIENCE_MS = 700;
const HOLDER = new Uint8Array(16).fill(1);

const rejections = new UnhandledRejections();
const folder = mkdtempSync(join(tmpdir(), 'writ-double-'));
let double: Double;
let ledger: Instance;

beforeAll(async () => {
  rejections.begin();
  double = await startDouble();
  ledger = await openInstance(
    parseSettings({
      WRIT_STORE_URL: double.url,
      WRIT_STORE_ACCEPT_UNPROTECTED: 'yes',
      WRIT_KEY_FILE: join(folder, 'key.json'),
      WRIT_STATE_DIR: join(folder, 'state'),
      WRIT_LINEAGE_DIR: join(folder, 'lineage'),
      WRIT_MARK_DIR: join(folder, 'mark'),
      WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
    }),
    { create: true },
  );
  const context = { principal: ledger.authenticate(undefined) };
  const { policy } = await ledger.operations.publishPolicy(context, { tenant: TENANT, text: POLICY, format: 'yaml' });
  const { policyId, version } = policy;
  await ledger.operations.activatePolicy(context, { tenant: TENANT, policyId, version, reason: '' });
});

afterEach(() => double.faults.clear());

afterAll(async () => {
  await ledger.close();
  await double.stop();
  rmSync(folder, { recursive: true });
  expect(await rejections.end()).toStrictEqual([]);
});

const streamOf = (id: string): string => `execution-${TENANT}.${id}`;
const typesIn = (id: string): readonly string[] => double.eventsOf(streamOf(id)).map(({ type }) => type);

const intent = (id: string) => ({
  action: 'loan.disburse',
  subject: 'customer-17',
  policyId: parsePolicyId('loan-approval'),
  parameters: { applicationId: id, amount: 15_000 },
  signals: {
    credit_score: { value: 720 },
    loan_amount: { value: 15_000 },
    bureau: { value: 'experian', observedAtMs: Date.now() - 1_000 },
  },
});

const requests = new Map<string, ReturnType<typeof requestOf>>();
const requestOf = (id: string) => ({
  tenant: TENANT,
  executionId: parseExecutionId(id),
  holder: HOLDER,
  intent: intent(id),
});

/** The same request whenever it is sent again, as a caller does who was left without an answer. */
function evaluate(id: string, patience: { readonly deadlineMs?: number } = {}) {
  const request = requests.get(id) ?? requestOf(id);
  requests.set(id, request);
  return ledger.operations.evaluate({ principal: ledger.authenticate(undefined), ...patience }, request);
}

/** Reports success of what was granted; the same report whenever it is sent again. */
function commit(id: string, payload: string, commitId: string) {
  const granted = parseGrant(payload);
  return ledger.operations.commit(
    { principal: ledger.authenticate(undefined) },
    {
      tenant: TENANT,
      executionId: parseExecutionId(id),
      attempt: granted.attempt,
      holder: HOLDER,
      commitId,
      outcome: 'succeeded',
      parameters: parametersCommitment(granted, intent(id).parameters),
    },
  );
}

const isSettled = ({ code }: Outcome<unknown>): boolean =>
  !['STORE_UNAVAILABLE', 'STORE_OUTCOME_UNKNOWN', 'OVERLOADED', 'DEADLINE_EXCEEDED'].includes(code);

describe('an execution whose appends meet a fault', () => {
  it.each(PASSING_FAULTS)('%s: is admitted once and committed once', async (fault) => {
    const id = `exec-${fault.replaceAll('_', '-')}`;
    double.faults.onlyStreams((stream) => stream === streamOf(id));
    double.faults.nextAppend(fault);
    const first = await outcomeOf(evaluate(id));
    // Whatever was answered, an admission rests on events that are there.
    if (first.code === 'OK') expect(typesIn(id)).toStrictEqual(['DecisionAdmitted', 'ReservationPlaced']);
    else expect(isSettled(first)).toBe(false);
    const admitted = await until(() => outcomeOf(evaluate(id)), isSettled);
    expect(typesIn(id)).toStrictEqual(['DecisionAdmitted', 'ReservationPlaced']);
    const { grant } = admitted.answer ?? {};
    if (grant === undefined) throw new Error(`not granted: ${admitted.code}`);

    double.faults.nextAppend(fault);
    const commitId = newCommitId();
    const committed = await until(() => outcomeOf(commit(id, grant.payload, commitId)), isSettled);
    expect(committed.code).toBe('OK');
    expect(typesIn(id)).toStrictEqual(['DecisionAdmitted', 'ReservationPlaced', 'ExecutionCommitted']);
    expect((await outcomeOf(commit(id, grant.payload, newCommitId()))).code).toBe('INV-013');
  });
});

describe('a store that takes nothing', () => {
  it.each<AppendFault>(['never_answer', 'unavailable', 'reset_before', 'not_ready', 'server_timeout', 'access_denied'])(
    '%s: admits nothing for as long as it lasts, and admits again after it',
    async (fault) => {
      const id = `none-${fault.replaceAll('_', '-')}`;
      double.faults.onlyStreams((stream) => stream.startsWith(streamOf(id)));
      double.faults.everyAppend(fault);
      const answered = await outcomeOf(evaluate(id, { deadlineMs: Date.now() + PATIENCE_MS }));
      expect(isSettled(answered)).toBe(false);
      expect(typesIn(id)).toStrictEqual([]);
      double.faults.clear();
      expect((await until(() => outcomeOf(evaluate(id)), isSettled)).code).toBe('OK');
      expect(typesIn(id)).toStrictEqual(['DecisionAdmitted', 'ReservationPlaced']);
    },
  );

  it('is not ready while it is gone, and serves again by itself', async () => {
    await double.kill();
    await until(
      () => ledger.readiness(),
      ({ ready }) => !ready,
    );
    const refused = await until(
      () => outcomeOf(evaluate('gone-1')),
      ({ code }) => code === 'STORE_UNAVAILABLE',
    );
    expect(refused.answer).toBeUndefined();
    expect(typesIn('gone-1')).toStrictEqual([]);
    await double.restart();
    expect((await until(() => outcomeOf(evaluate('gone-1')), isSettled)).code).toBe('OK');
    await until(
      () => ledger.readiness(),
      ({ ready }) => ready,
    );
  });
});
