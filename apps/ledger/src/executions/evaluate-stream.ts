import { type LedgerError, UnavailableError } from '@writ/errors';

import type { CallFacts, CallGate } from '../calls/call-gate.js';
import type { Message } from '../grpc/decode-message.js';
import type { StreamCall } from '../grpc/grpc-calls.js';
import { Unreadable } from '../grpc/proto-schema.js';
import type { EvaluateItem } from './evaluate-item.js';

export interface StreamDependencies {
  readonly gate: CallGate;
  readonly evaluate: EvaluateItem;
  /** Requests of one stream that may be under way; beyond it the stream is not read. */
  readonly maxOutstanding: number;
}

/**
 * Serves one EvaluateStream until the client has ended and every request is answered, the client is gone, or the node
 * shuts down (then what was read is answered first). Backpressure: nothing is read while the bound is reached or the
 * client does not take its answers. An unreadable request ends the stream: its correlation id is unknown.
 */
export function serveEvaluateStream(
  call: StreamCall,
  facts: CallFacts,
  dependencies: StreamDependencies,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { gate, evaluate, maxOutstanding } = dependencies;
    let outstanding = 0;
    let ended = false;
    let congested = false;
    let over = false;
    let failure: LedgerError | undefined;

    const finish = (): void => {
      if (over) return;
      over = true;
      gate.closed.removeEventListener('abort', shutDown);
      if (failure !== undefined) reject(failure);
      else {
        if (!call.cancelled) call.end();
        resolve();
      }
    };
    const proceed = (): void => {
      if (outstanding === 0 && (ended || failure !== undefined)) finish();
      else if (failure === undefined && !congested && outstanding < maxOutstanding) call.resume();
    };
    const stop = (error: LedgerError): void => {
      failure ??= error;
      call.pause();
      proceed();
    };
    const shutDown = (): void => stop(new UnavailableError('SHUTTING_DOWN', 'this node is shutting down'));
    const answer = (correlationId: unknown, result: Message): void => {
      outstanding -= 1;
      if (!over && !call.cancelled) congested = !call.write({ correlationId, result });
      proceed();
    };

    call.on('data', (message: Message | Unreadable) => {
      if (failure !== undefined) return;
      if (message instanceof Unreadable) {
        stop(message.error);
        return;
      }
      outstanding += 1;
      if (outstanding >= maxOutstanding) call.pause();
      // Authenticates anew for each item: a token that is revoked while the stream is open ends its use.
      void evaluate(() => gate.contextOf(facts), message['request'] as Message | undefined).then((result) =>
        answer(message['correlationId'], result),
      );
    });
    call.on('drain', () => {
      congested = false;
      proceed();
    });
    call.on('end', () => {
      ended = true;
      proceed();
    });
    call.on('cancelled', finish);
    gate.closed.addEventListener('abort', shutDown);
    if (gate.closed.aborted) shutDown();
  });
}
