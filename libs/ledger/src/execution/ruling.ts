import type { CodeOfKind } from '@writ/errors';

import type { Answer, Command, Ruling } from '../commands.js';
import type { ExecutionEventType, Fact } from '../events.js';
import type { Execution } from './state.js';

export type ExecutionFact = Fact<ExecutionEventType>;
type RefusalCode = CodeOfKind<'Rejected'> | CodeOfKind<'Conflict'> | CodeOfKind<'Integrity'>;

/** An answer that changes nothing. */
export function answered(answer: Answer): Ruling {
  return { append: [], answer };
}

export function refused(
  code: RefusalCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  more: { readonly original?: bigint; readonly record?: boolean } = {},
): Ruling {
  const { original, record = false } = more;
  return answered({
    kind: 'refused',
    code,
    message,
    details,
    record,
    ...(original === undefined ? {} : { original }),
  });
}

/** INV-013: somebody holds the execution, it is over, or it was asked for with another intent. Recorded as a refused replay. */
export function replayRefused(
  state: Execution,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
  original: bigint = state.decision.revision,
): Ruling {
  return refused('INV-013', `the execution is not free: ${reason}`, { reason, ...details }, { original, record: true });
}

export function notFound(command: Command): Ruling {
  const { tenant, executionId } = command;
  return refused('EXECUTION_NOT_FOUND', `no execution \`${executionId}\``, { tenant, executionId });
}

/** Puts what time has brought about before what the command appends. */
export function after(due: readonly ExecutionFact[], ruling: Ruling): Ruling {
  return { append: [...due, ...ruling.append], answer: ruling.answer };
}
