import { holderHashOf, needsVerdict, type Evaluate, type Moment } from '@writ/ledger';
import { requireAction, requireTenant } from './authorise.js';
import type { Engine } from './engine.js';
import type { ExecutionLog } from './execution-log.js';
import { handleExecution, isVisible, type HandledExecution } from './handle-execution.js';
import { claimOf, requireIntent, sealIntent, signalsDiffer, type SealedIntent } from './intent.js';
import type { CallContext, EvaluateAnswer, EvaluateRequest } from './operations.js';
import { keptAt, isDecision, receiptOf } from './receipt.js';
import { verdictOf } from './verdict.js';
import { RejectedError } from '@writ/errors';

/** Decides on an intent and, when it is admitted and a holder asks, reserves it (design §2). */
export async function evaluateIntent(
  engine: Engine,
  context: CallContext,
  request: EvaluateRequest,
): Promise<EvaluateAnswer> {
  const { tenant, executionId, intent } = request;
  // 1. May this caller ask for this action in this tenant?
  requireTenant(context.principal, tenant, 'run');
  requireAction(context.principal, intent.action);
  // 2. Is it an intent at all? What is not uses up no id.
  requireIntent(intent);
  const holderHash = request.holder === null ? undefined : holderHashOf(request.holder);
  // 3. Commit to every value once, under fresh salts.
  const sealed = sealIntent(intent, engine.ports.randomness);
  // 4. Read, ask the policy in force where a new decision is due, decide, sign, append.
  const handled = await handleExecution(engine, {
    context,
    name: { tenant, executionId },
    operation: 'evaluate',
    begins: true,
    command: (log, moment) => commandFor(engine, context, request, { log, moment, sealed, holderHash }),
    openingsOf: (fact) => (fact.type.startsWith('Decision') ? sealed.known : undefined),
  });
  // 5. Tell what is now durable.
  return answerOf(request, handled);
}

interface Basis {
  readonly log: ExecutionLog;
  readonly moment: Moment;
  readonly sealed: SealedIntent;
  readonly holderHash: ReturnType<typeof holderHashOf> | undefined;
}

async function commandFor(
  engine: Engine,
  context: CallContext,
  request: EvaluateRequest,
  { log, moment, sealed, holderHash }: Basis,
): Promise<Evaluate> {
  const { tenant, executionId, intent, ttlMs, reevaluate } = request;
  if (log.state.status !== 'none' && !isVisible(context.principal, log)) {
    // Taken by an action that this token does not cover: nothing of it is shown.
    throw new RejectedError('PERMISSION_DENIED', 'the token does not cover the action of this execution');
  }
  const command: Evaluate = {
    type: 'Evaluate',
    tenant,
    executionId,
    actor: context.principal.actor,
    decisionId: engine.ports.randomness.eventId() as unknown as Evaluate['decisionId'],
    claim: claimOf(intent, log.events[0], sealed),
    intent: sealed.intent,
    reserve: holderHash === undefined ? null : { holderHash, ...(ttlMs === undefined ? {} : { ttlMs }) },
    ...(reevaluate === undefined ? {} : { reevaluate }),
  };
  if (!needsVerdict(log.state, command, moment)) return command;
  const inForce = await engine.policies.inForce(tenant, intent.policyId);
  return { ...command, verdict: verdictOf(request, inForce, moment.nowMs, engine.ports.runtime) };
}

function answerOf(request: EvaluateRequest, { answer, log, grant }: HandledExecution): EvaluateAnswer {
  const name = { tenant: request.tenant, executionId: request.executionId };
  switch (answer.kind) {
    case 'decided':
    case 'reserved':
    case 'reissued': {
      const revisions = [answer.decision, ...(answer.reservation === undefined ? [] : [answer.reservation])];
      const reissued = answer.kind === 'reissued';
      const differs = answer.kind !== 'decided' && differsFrom(request, log, answer.decision);
      const receipt = receiptOf(name, log, revisions, { replayed: reissued, signalsDiffer: differs });
      return { receipt, reissued, ...(grant === undefined ? {} : { grant }) };
    }
    case 'replayed': {
      const differs = differsFrom(request, log, answer.decision);
      return {
        receipt: receiptOf(name, log, [answer.decision], { replayed: true, signalsDiffer: differs }),
        reissued: false,
      };
    }
    case 'done':
    case 'nothing':
      throw new Error(`an evaluation is not answered with \`${answer.kind}\``);
  }
}

function differsFrom(request: EvaluateRequest, log: ExecutionLog, revision: bigint): boolean {
  const { event, openings } = keptAt(log, revision);
  return isDecision(event) && signalsDiffer(request.intent, event.data.intent.signals, openings);
}
