/** V8's switch for how much of the stack an error records; other engines ignore it. */
const errors = Error as { stackTraceLimit?: number };

/**
 * Runs `work` (synchronously, so nobody else notices) without recording stacks. The CEL library makes an `Error` for
 * every absent member and every failed conversion; with its stack one costs twenty times what the meter counts for
 * the nodes that made it, and a loop that swallows them would outrun the budget.
 */
export function withoutStackTraces<T>(work: () => T): T {
  const limit = errors.stackTraceLimit;
  errors.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    if (limit === undefined) delete errors.stackTraceLimit;
    else errors.stackTraceLimit = limit;
  }
}
