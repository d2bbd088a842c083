import type { EvaluateResult } from './answers.js';
import { EVALUATE_STREAM } from './execution-rpcs.js';
import type { EvaluateRequest } from './requests.js';
import type { ServerLink } from './server-link.js';

export interface StreamedResult {
  /** Place of the request among those sent, from 0. */
  readonly index: number;
  readonly result: EvaluateResult;
}

/** Requests go out at the pace at which the ledger takes them, results come back in any order. */
export async function* evaluateStream(
  link: ServerLink,
  tenant: string,
  requests: Iterable<EvaluateRequest> | AsyncIterable<EvaluateRequest>,
  signal?: AbortSignal,
): AsyncGenerator<StreamedResult, void, undefined> {
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const { send, end, answers } = link.bidiStream(EVALUATE_STREAM, stopped);
  const sent = sendAll(requests, tenant, send, stopped).finally(end);
  // A source that throws ends the call; its error is told below, after what was answered.
  sent.catch(() => stop.abort());
  try {
    for await (const { correlationId, result } of answers) yield { index: correlationId, result };
  } catch (error) {
    if (stop.signal.aborted) await sent;
    throw error;
  } finally {
    stop.abort();
  }
  await sent;
}

async function sendAll(
  requests: Iterable<EvaluateRequest> | AsyncIterable<EvaluateRequest>,
  tenant: string,
  send: (request: { correlationId: number; request: EvaluateRequest & { tenant: string } }) => Promise<void>,
  stopped: AbortSignal,
): Promise<void> {
  let correlationId = 0;
  for await (const request of requests) {
    if (stopped.aborted) return;
    await send({ correlationId, request: { ...request, tenant } });
    correlationId += 1;
  }
}
