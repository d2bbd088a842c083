import type { HandledExecution } from './handle-execution.js';
import type { ExecutionName, GrantAnswer } from './operations.js';
import { decisionAt, receiptOf } from './receipt.js';

/** The answer of a call that ends in a lease: the receipt of decision and lease, and the grant. */
export function grantAnswer(name: ExecutionName, { answer, log, grant }: HandledExecution): GrantAnswer {
  const revision = answer.kind === 'done' ? answer.revision : 'reservation' in answer ? answer.reservation : undefined;
  if (grant === undefined || revision === undefined)
    throw new Error(`no lease in an answer of kind \`${answer.kind}\``);
  const reissued = answer.kind === 'reissued' || (answer.kind === 'done' && answer.replayed);
  const revisions = [decisionAt(log, revision).event.revision, revision];
  return { receipt: receiptOf(name, log, revisions, { replayed: reissued }), grant, reissued };
}
