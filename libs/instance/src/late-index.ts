import type { ExecutionIndex } from '@writ/operations';

const nothing = (): void => undefined;

/** An index whose thread is started by the first question: for a process that lives for one command. */
export function lateIndex(open: () => ExecutionIndex): ExecutionIndex {
  let opened: ExecutionIndex | undefined;
  const index = (): ExecutionIndex => (opened ??= open());
  return {
    list: (request, nowMs) => index().list(request, nowMs),
    due: (endedByMs, limit) => index().due(endedByMs, limit),
    lag: () => index().lag(),
    noteWriting: (log) => opened?.noteWriting?.(log) ?? nothing,
    close: async () => opened?.close(),
  };
}
