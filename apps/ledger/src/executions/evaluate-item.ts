import { LedgerError, RejectedError } from '@writ/errors';
import type { CallContext, Operations } from '@writ/operations';

import type { CallGate } from '../calls/call-gate.js';
import type { Message } from '../grpc/decode-message.js';
import type { CallMetrics } from '../metrics/call-metrics.js';
import { codedErrorMessage } from './coded-error-message.js';
import { evaluateMessage } from './execution-message.js';
import { readEvaluate } from './execution-requests.js';

/** Answers one item of a batch or a stream with a writ.v1.EvaluateResult. Never rejects. */
export type EvaluateItem = (contextOf: () => CallContext, request: Message | undefined) => Promise<Message>;

/** @param gate counts each item as work, where the call itself was not counted with its items */
export function createEvaluateItem(operations: Operations, metrics: CallMetrics, gate?: CallGate): EvaluateItem {
  return async (contextOf, request) => {
    try {
      gate?.enter(1);
      try {
        if (request === undefined)
          throw new RejectedError('REQUEST_INVALID', '`request` is missing', { field: 'request' });
        const response = evaluateMessage(await operations.evaluate(contextOf(), readEvaluate(request)));
        metrics.observeItem('OK');
        return { response };
      } finally {
        gate?.leave(1);
      }
    } catch (error) {
      metrics.observeItem(error instanceof LedgerError ? error.code : 'INTERNAL');
      return { error: codedErrorMessage(error) };
    }
  };
}
