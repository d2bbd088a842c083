import { randomBytes } from 'node:crypto';
import { canonicalText, type JsonObject, type JsonValue } from '@writ/encoding';
import { ConflictError, RejectedError, UnavailableError, type LedgerError } from '@writ/errors';
import { parametersCommitment, type Grant, type SignedGrant, type Trust } from '@writ/evidence';
import { holderHashOf, SALT_BYTES } from '@writ/ledger';
import { uuidv7 } from 'uuidv7';
import type { EvaluateAnswer, Execution, GrantAnswer, Receipt, ReceiptAnswer } from './answers.js';
import { originalReceiptOf } from './decode-error.js';
import { EffectDidNotHappen, type Effect } from './effect.js';
import { startElapsed, type Elapsed } from './elapsed.js';
import type { ExecuteOutcome, Replayed, Unavailable, Unknown } from './execute-outcome.js';
import { frozenCopy } from './frozen-copy.js';
import { keepLease } from './lease.js';
import type { CallOptions, CommitRequest, EvaluateRequest, ExecutionName, Intent, RenewRequest } from './requests.js';
import { verifiedGrant } from './verified-grant.js';

/** An intent under the caller's own key. */
export interface ExecuteIntent<Parameters extends object = object> extends Omit<Intent, 'parameters'>, ExecutionName {
  /** The real arguments, with a JSON form (docs/spec/json.md): the effect is given a frozen copy of them. */
  readonly parameters: Parameters;
}

export interface ExecuteOptions {
  /** Lease to ask for, renewed while the effect runs; the policy's ttl when absent. */
  readonly ttlMs?: number;
  /** The denial (`decisionId`) that this call should ask about again. */
  readonly reevaluate?: string;
}

/** What of a client is needed here. */
export interface ExecutionCalls {
  readonly tenant: string;
  readonly trust: Trust | undefined;
  readonly timeouts: { readonly commitMs: number };
  evaluate(request: EvaluateRequest, options?: CallOptions): Promise<EvaluateAnswer>;
  renew(request: RenewRequest, options?: CallOptions): Promise<GrantAnswer>;
  commit(request: CommitRequest, options?: CallOptions): Promise<ReceiptAnswer>;
  getExecution(request: ExecutionName, options?: CallOptions): Promise<Execution>;
}

/** One call of `executeFromSignals`, from the drawing of its holder to its end. */
interface Asking<Result, Parameters extends object> {
  readonly calls: ExecutionCalls;
  readonly intent: ExecuteIntent<Parameters & JsonObject>;
  readonly effect: Effect<Result, Parameters>;
  readonly options: ExecuteOptions;
  readonly holder: Uint8Array;
  /** Since just before the grant was first asked for. */
  readonly elapsed: Elapsed;
}

/** How the effect itself ended. */
type Ending<Result> =
  | { readonly effect: 'happened'; readonly result: Result }
  | { readonly effect: 'did-not-happen'; readonly cause: unknown }
  | { readonly effect: 'unknown'; readonly cause: unknown };

const REPORTED = { happened: 'succeeded', 'did-not-happen': 'failed', unknown: 'unknown' } as const;

/** A commit id for a report; drawn once per report and kept across its retries. */
export function newCommitId(): string {
  return uuidv7();
}

/**
 * Asks the ledger, runs `effect` if and only if it grants, and reports how that ended. At most once per call, and once
 * over all calls, processes and retries with the same execution id.
 *
 * Throws before the effect only: what the ledger rejects (a LedgerError: the request, the token, a grant that does not
 * verify). After the effect nothing is thrown: whatever became of the report is in the outcome.
 */
export async function executeFromSignals<Result, Parameters extends object>(
  calls: ExecutionCalls,
  intent: ExecuteIntent<Parameters>,
  effect: Effect<Result, Parameters>,
  options: ExecuteOptions = {},
): Promise<ExecuteOutcome<Result>> {
  // 1. What will run is fixed before it is asked for.
  const fixed = { ...intent, parameters: frozenCopy(intent.parameters) };
  // 2. Whoever shows the holder gets the grant: it never leaves this call, so that no other process can run on it.
  const holder = Uint8Array.from(randomBytes(SALT_BYTES));
  return ask({ calls, intent: fixed, effect, options, holder, elapsed: startElapsed() });
}

async function ask<Result, Parameters extends object>(
  asking: Asking<Result, Parameters>,
): Promise<ExecuteOutcome<Result>> {
  const { calls, intent, holder, options } = asking;
  const { executionId, ...rest } = intent;
  // 3. Ask. A lost answer is asked for again with the same holder, and brings the same grant.
  let answer: EvaluateAnswer;
  try {
    answer = await calls.evaluate({ executionId, intent: rest, holder, ...options });
  } catch (error) {
    if (error instanceof UnavailableError) return unavailable(asking, error);
    if (error instanceof ConflictError && error.code === 'INV-013') return replayed(calls, executionId, error);
    throw error;
  }
  // 4. A denial and an escalation are answers, not errors.
  const { receipt, grant } = answer;
  const { decision } = receipt;
  switch (decision.outcome) {
    case 'denied':
      return { kind: 'denied', reasons: decision.reasons, decision, receipt };
    case 'escalated':
      // Approved meanwhile: the decision reads escalated, and there is a grant.
      if (grant === undefined) return { kind: 'escalated', reasons: decision.reasons, decision, receipt };
      return runUnder(asking, grant);
    case 'admitted':
      if (grant !== undefined) return runUnder(asking, grant);
      throw new RejectedError('ADMISSION_LAPSED', 'the admission was over before it could be used', {
        decisionId: decision.decisionId,
      });
  }
}

async function runUnder<Result, Parameters extends object>(
  asking: Asking<Result, Parameters>,
  signedGrant: SignedGrant,
): Promise<ExecuteOutcome<Result>> {
  const { calls, intent, effect, holder, elapsed, options } = asking;
  const { executionId, action, parameters } = intent;
  // 5. Only a grant permits running: this execution, these arguments, this holder, signed where keys are pinned.
  const wanted = { tenant: calls.tenant, executionId, action, holderHash: holderHashOf(holder), parameters };
  const verified = (signed: SignedGrant): Grant => verifiedGrant(signed, wanted, calls.trust);
  const grant = verified(signedGrant);
  // 6. Run, with the lease kept up; a crash from here on leaves a lease that lapses, and a run that Reconcile settles.
  const { attempt } = grant;
  const lease = keepLease(grant, elapsed, async (timeoutMs, signal) => {
    const ttlMs = options.ttlMs === undefined ? {} : { ttlMs: options.ttlMs };
    return verified((await calls.renew({ executionId, attempt, holder, ...ttlMs }, { timeoutMs, signal })).grant);
  });
  if (lease.signal.aborted) return tooLate(asking, grant);
  const run = { grant, signedGrant, attempt, parameters, signal: lease.signal };
  const ending = await endingOf(() => effect({ ...run, idempotencyKey: executionId, fencingToken: attempt }));
  lease.stop();
  // 7. Report until it is durable.
  return report(asking, grant, ending);
}

async function endingOf<Result>(run: () => Promise<Result> | Result): Promise<Ending<Result>> {
  try {
    return { effect: 'happened', result: await run() };
  } catch (cause) {
    return { effect: cause instanceof EffectDidNotHappen ? 'did-not-happen' : 'unknown', cause };
  }
}

async function report<Result, Parameters extends object>(
  asking: Asking<Result, Parameters>,
  grant: Grant,
  ending: Ending<Result>,
): Promise<ExecuteOutcome<Result>> {
  const { calls } = asking;
  const { attempt } = grant;
  const whole = reportOf(asking, grant, ending);
  try {
    const { sent, receipt } = await sendReport(calls, whole);
    const unsettled = { kind: 'unknown', ...ending, attempt, recorded: true, report: sent, receipt } as const;
    switch (receipt.events.at(-1)?.type) {
      case 'ExecutionCommitted':
        if (ending.effect !== 'happened') return unsettled;
        return {
          kind: 'executed',
          result: ending.result,
          resultRecorded: sent.result !== undefined || ending.result === undefined,
          attempt,
          receipt,
        };
      case 'ExecutionFailed':
        return ending.effect === 'happened' ? unsettled : { kind: 'failed', cause: ending.cause, attempt, receipt };
      default:
        // OutcomeUnknown, or LateOutcomeReported: a later attempt exists, and a human compares the two.
        return unsettled;
    }
  } catch (error) {
    const unsettled: Unknown<Result> = { kind: 'unknown', ...ending, attempt, recorded: false, report: whole, error };
    return unsettled;
  }
}

function reportOf<Result, Parameters extends object>(
  { intent, holder }: Asking<Result, Parameters>,
  grant: Grant,
  ending: Ending<Result>,
): CommitRequest {
  const result = ending.effect === 'happened' ? recordable(ending.result) : undefined;
  return {
    executionId: intent.executionId,
    attempt: grant.attempt,
    holder,
    commitId: newCommitId(),
    outcome: REPORTED[ending.effect],
    parameters: parametersCommitment(grant, intent.parameters),
    ...(result === undefined ? {} : { result }),
  };
}

/** The fact that it ran weighs more than what it gave: a result that the ledger cannot take is left out. */
async function sendReport(
  calls: ExecutionCalls,
  whole: CommitRequest,
): Promise<{ readonly sent: CommitRequest; readonly receipt: Receipt }> {
  const options = { timeoutMs: calls.timeouts.commitMs };
  try {
    return { sent: whole, receipt: (await calls.commit(whole, options)).receipt };
  } catch (error) {
    if (whole.result === undefined || !isAboutTheResult(error)) throw error;
    const { result: _left, ...bare } = whole;
    return { sent: bare, receipt: (await calls.commit(bare, options)).receipt };
  }
}

function isAboutTheResult(error: unknown): boolean {
  return error instanceof RejectedError && /^(JSON_|.*_TOO_LARGE$)/.test(error.code);
}

function recordable(result: unknown): JsonValue | undefined {
  try {
    canonicalText(result);
    return result as JsonValue;
  } catch {
    return undefined;
  }
}

/** The grant came too late to be run on. Saying that nothing happened opens the execution again. */
async function tooLate<Result, Parameters extends object>(
  asking: Asking<Result, Parameters>,
  grant: Grant,
): Promise<ExecuteOutcome<Result>> {
  const cause = new EffectDidNotHappen('the grant was over before the effect began');
  return report(asking, grant, { effect: 'did-not-happen', cause });
}

async function replayed(calls: ExecutionCalls, executionId: string, error: LedgerError): Promise<Replayed> {
  const { reason } = error.details;
  return {
    kind: 'replayed',
    reason: typeof reason === 'string' ? reason : 'unspecified',
    receipt: originalReceiptOf(error) ?? (await fetchedReceipt(calls, executionId)),
    error,
  };
}

/** Where the original receipt did not fit into the error. */
async function fetchedReceipt(calls: ExecutionCalls, executionId: string): Promise<Receipt | undefined> {
  try {
    const { tenant, decision, reservation, events } = await calls.getExecution({ executionId });
    const held = reservation === undefined ? {} : { reservation };
    return { tenant, executionId, decision, ...held, events, replayed: true, signalsDiffer: false };
  } catch {
    return undefined;
  }
}

function unavailable<Result, Parameters extends object>(
  asking: Asking<Result, Parameters>,
  error: UnavailableError,
): Unavailable<Result> {
  let again: Promise<ExecuteOutcome<Result>> | undefined;
  return {
    kind: 'unavailable',
    mayHaveHappened: error.mayHaveHappened,
    error,
    // Memoised: two askers under one holder would both be given the grant.
    retry: () => (again ??= ask(asking)),
  };
}
