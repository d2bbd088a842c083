import type { HandledExecution } from './handle-execution.js';
import type { ExecutionName, ReceiptAnswer } from './operations.js';
import { decisionAt, receiptOf } from './receipt.js';

/** The answer of a call that took effect as one event: its receipt, beside the decision that it stands on. */
export function doneAnswer(name: ExecutionName, { answer, log }: HandledExecution): ReceiptAnswer {
  if (answer.kind !== 'done') throw new Error(`no event in an answer of kind \`${answer.kind}\``);
  const revisions = [decisionAt(log, answer.revision).event.revision, answer.revision];
  return { receipt: receiptOf(name, log, revisions, { replayed: answer.replayed }) };
}
