import type { ExecutionView } from '@writ/operations';
import type { FastifyReply } from 'fastify';

import type { CallGate } from '../calls/call-gate.js';
import { problemOf } from '../http/problem.js';
import { executionJson } from './execution-json.js';
import { watchExecution } from './watch-execution.js';

/** Keeps proxies from closing a quiet connection. */
const COMMENT_INTERVAL_MS = 15_000;

/**
 * Writes an execution as server-sent events (HTML standard, section 9.2): `execution` for each view, its revision as
 * the id. What fails before the first view is thrown, and becomes an ordinary problem; later it is an `error` event.
 */
export async function streamExecution(
  reply: FastifyReply,
  gate: CallGate,
  views: (signal: AbortSignal) => AsyncIterable<ExecutionView>,
): Promise<void> {
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort());
  let comments: NodeJS.Timeout | undefined;
  const begin = (): void => {
    reply.hijack();
    reply.raw.writeHead(200, { ...headersOf(reply), 'content-type': 'text/event-stream; charset=utf-8' });
    comments = setInterval(() => reply.raw.write(':\n\n'), COMMENT_INTERVAL_MS);
  };
  const write = async (view: ExecutionView): Promise<void> => {
    if (comments === undefined) begin();
    const data = JSON.stringify(executionJson(view));
    const taken = reply.raw.write(`event: execution\nid: ${view.revision}\ndata: ${data}\n\n`);
    if (!taken) await drained(reply, gone.signal);
  };
  try {
    await watchExecution({ gate, gone: gone.signal, views, write });
  } catch (error) {
    if (comments === undefined) throw error;
    reply.raw.write(`event: error\ndata: ${JSON.stringify(problemOf(error).body)}\n\n`);
  } finally {
    clearInterval(comments);
  }
  if (comments === undefined) reply.hijack();
  reply.raw.end();
}

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
}

function drained(reply: FastifyReply, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    reply.raw.once('drain', resolve);
    gone.addEventListener('abort', () => resolve(), { once: true });
  });
}
