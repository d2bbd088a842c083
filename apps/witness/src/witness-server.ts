import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { sha256, toHex, utf8 } from '@writ/encoding';

import type { Witness } from './witness.js';

export interface WitnessServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM. Without it the server speaks plain HTTP: behind something that speaks TLS, or on one machine. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly onError?: (error: unknown) => void;
}

export interface RunningWitness {
  readonly url: string;
  /** Ends what is under way, takes nothing new. */
  close(): Promise<void>;
}

/** A checkpoint, its signatures and 63 hashes need a few thousand. */
const MAX_BODY_BYTES = 131_072;
const MAX_CONNECTIONS = 256;
const TEXT = 'text/plain; charset=utf-8';

/**
 * Serves a witness: `POST /add-checkpoint`, `GET /<hex of SHA-256(origin)>/checkpoint` for those who monitor it, and
 * `GET /health`.
 */
export async function startWitnessServer(witness: Witness, options: WitnessServerOptions): Promise<RunningWitness> {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    serve(witness, request, response).catch((error: unknown) => {
      options.onError?.(error);
      // The state could not be read or written: nothing was cosigned.
      if (!response.headersSent) send(response, 500, TEXT, 'the witness cannot use its state\n');
      else response.destroy();
    });
  };
  const server = options.tls === undefined ? createServer(handle) : createTlsServer(options.tls, handle);
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options);
  const { port, family, address } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}:${String(port)}`,
    close: () => closeServer(server),
  };
}

async function serve(witness: Witness, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').replace(/\?.*$/, '');
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST')
      return send(response, 405, TEXT, 'a checkpoint is sent with POST\n', { allow: 'POST' });
    const body = await readBody(request);
    if (body === undefined) return send(response, 413, TEXT, 'the request is too long\n', { connection: 'close' });
    const { status, contentType, body: text } = await witness.addCheckpoint(body);
    return send(response, status, contentType, text);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return send(response, 405, TEXT, 'only GET\n', { allow: 'GET, HEAD' });
  if (path === '/health') return send(response, 200, TEXT, 'ok\n');
  const origin = witness.origins.find((known) => path === `/${toHex(sha256(utf8(known)))}/checkpoint`);
  const note = origin === undefined ? undefined : witness.latest(origin);
  if (note === undefined) return send(response, 404, TEXT, 'nothing of that log was cosigned here\n');
  send(response, 200, TEXT, note, { 'cache-control': 'no-store' });
}

/** `undefined` for one that is too long. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // `for await` would destroy the connection before the answer is sent.
  return new Promise((resolve, reject) => {
    request.on('data', (part: Uint8Array) => {
      length += part.length;
      if (length > MAX_BODY_BYTES) resolve(undefined);
      else parts.push(part);
    });
    request.on('end', () => resolve(new Uint8Array(Buffer.concat(parts))));
    request.on('error', reject);
  });
}

function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const content = Buffer.from(body, 'utf8');
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': content.length,
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(content);
}

function listen(server: Server, { host, port }: WitnessServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    // A peer that does not end its request is not waited for longer than a request may take.
    setTimeout(() => server.closeAllConnections(), 1_000).unref();
  });
}
