import { parseBase64, parseDigest, parseEventId, toBase64, type Commitment, type JsonValue } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { commit, commitBodyDigest, holderHashOf, type Command } from '@writ/ledger';
import { requireExecutionTenant } from './authorise.js';
import type { Engine } from './engine.js';
import type { ExecutionLog } from './execution-log.js';
import { parametersSalt } from './grant.js';
import { handleExecution } from './handle-execution.js';
import type { CallContext, CommitRequest, ReceiptAnswer } from './operations.js';
import { doneAnswer } from './done-answer.js';

const SALT_BYTES = 16;
const NO_SALT = toBase64(new Uint8Array(SALT_BYTES));

/** Records how a run ended: `succeeded`, `failed` (surely no effect) or `unknown`. The same report again is answered as before. */
export async function commitExecution(
  engine: Engine,
  context: CallContext,
  request: CommitRequest,
): Promise<ReceiptAnswer> {
  const { tenant, executionId, attempt, outcome } = request;
  // 1. May this caller run executions of this tenant, and is this a report?
  requireExecutionTenant(context.principal, request, 'run');
  const commitId = parseEventId(request.commitId);
  const holderHash = holderHashOf(request.holder);
  const parameters = parseCommitment(request.parameters);
  // 2. Commit to the result under a fresh salt.
  const resultSalt = engine.ports.randomness.bytes(SALT_BYTES);
  const result = request.result === undefined ? null : commit(resultSalt, 'result', request.result);
  const openings =
    request.result === undefined ? {} : { result: { salt: toBase64(resultSalt), value: request.result } };
  // 3. Read, decide, sign, append.
  const handled = await handleExecution(engine, {
    context,
    name: { tenant, executionId },
    operation: 'commit',
    begins: false,
    command: (log): Command => ({
      type: 'Commit',
      tenant,
      executionId,
      actor: context.principal.actor,
      attempt,
      holderHash,
      commitId,
      outcome,
      bodyDigest: bodyDigest(log, attempt, { outcome, parameters, result: request.result ?? null }),
      result,
      parameters,
    }),
    openingsOf: () => ({ openings }),
  });
  // 4. Tell.
  return doneAnswer({ tenant, executionId }, handled);
}

/** Under the salt of the grant, so that a retried report is known again and a guessable result cannot be read off. */
function bodyDigest(
  log: ExecutionLog,
  attempt: number,
  body: { readonly outcome: CommitRequest['outcome']; readonly parameters: Commitment; readonly result: JsonValue },
): ReturnType<typeof commitBodyDigest> {
  // Where there is no such attempt `decide` refuses before it looks at the digest.
  const decision = log.state.status === 'none' ? undefined : log.state.attempts[attempt - 1]?.decision;
  const salt = decision === undefined ? NO_SALT : parametersSalt(log, decision.revision);
  return commitBodyDigest(parseBase64(salt, SALT_BYTES), body);
}

function parseCommitment(text: string): Commitment {
  try {
    parseDigest(text);
  } catch (cause) {
    throw new RejectedError(
      'REQUEST_INVALID',
      '`parameters` must be `sha256:` and 64 hex digits',
      { field: 'parameters' },
      { cause },
    );
  }
  return text as Commitment;
}
