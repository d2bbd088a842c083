import { UnavailableError } from '@writ/errors';
import type { ExecutionView } from '@writ/operations';

import type { CallGate } from '../calls/call-gate.js';

export interface Watch {
  readonly gate: CallGate;
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal;
  readonly views: (signal: AbortSignal) => AsyncIterable<ExecutionView>;
  /** Resolves when the client can take another. */
  readonly write: (view: ExecutionView) => Promise<void>;
}

/** Writes views until the client goes. Throws SHUTTING_DOWN when the node does, and what the operation throws. */
export async function watchExecution({ gate, gone, views, write }: Watch): Promise<void> {
  const signal = AbortSignal.any([gone, gate.closed]);
  for await (const view of views(signal)) await write(view);
  if (gate.closed.aborted && !gone.aborted) {
    throw new UnavailableError('SHUTTING_DOWN', 'this node is shutting down');
  }
}
