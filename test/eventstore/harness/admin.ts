import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';

const REQUEST_TIMEOUT_MS = 2_000;

/** Where a node's HTTP side is, and who may use it. */
export interface HttpSide {
  readonly port: number;
  /** The authority's certificate; absent: no TLS. */
  readonly authority?: Buffer;
  readonly credentials?: string;
}

export interface HttpAnswer {
  /** 0: nothing answered. */
  readonly status: number;
  readonly text: string;
}

export function ask(side: HttpSide, method: string, path: string, body?: unknown): Promise<HttpAnswer> {
  const options: RequestOptions & { ca?: Buffer } = {
    host: '127.0.0.1',
    port: side.port,
    method,
    path,
    agent: false,
    timeout: REQUEST_TIMEOUT_MS,
    headers: { 'content-type': 'application/json' },
    ...(side.credentials === undefined ? {} : { auth: side.credentials }),
    ...(side.authority === undefined ? {} : { ca: side.authority }),
  };
  return new Promise((settle) => {
    const request = (side.authority === undefined ? requestHttp : requestHttps)(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.once('end', () => settle({ status: response.statusCode ?? 0, text }));
    });
    request.once('timeout', () => request.destroy());
    const nothing = { status: 0, text: '' };
    request.once('close', () => settle(nothing));
    request.once('error', () => settle(nothing));
    request.end(body === undefined ? '' : JSON.stringify(body));
  });
}

/** Looks every 100 ms. @throws Error with what `describeFailure` says when `look` is not true in time */
export async function until(
  look: () => Promise<boolean>,
  timeoutMs: number,
  describeFailure: () => string,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(describeFailure());
    await new Promise((wake) => setTimeout(wake, 100));
  }
}
