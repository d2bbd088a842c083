import { lookup as systemLookup } from 'node:dns/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';

import { RejectedError, UnavailableError } from '@writ/errors';

import { isPublicAddress } from './public-address.js';
import type { WitnessResponse, WitnessTransport } from './witness-client.js';

export interface WitnessHttpOptions {
  /** Lets plain HTTP and addresses that are not public through: for a witness on the same machine or network. */
  readonly allowPrivate: boolean;
  /** All addresses of a host name. For tests. */
  readonly lookup?: (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
  /** Certificates to trust instead of the system's. For tests. */
  readonly ca?: string;
}

/** The lines of more witnesses than a note can hold. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * Asks witnesses over HTTPS. The URLs come from a file that may have been written by somebody else, and what stands behind
 * a name can change: so the name is resolved once, every address must be public, and the connection goes to the address
 * that was looked at. Redirects are answers like others, and no good ones. No proxy, no cookie, no kept connection.
 */
export class WitnessHttp implements WitnessTransport {
  readonly #options: WitnessHttpOptions;

  constructor(options: WitnessHttpOptions) {
    this.#options = options;
  }

  requireUrl(url: string): void {
    this.#parse(url);
  }

  async post(url: string, body: string, signal: AbortSignal): Promise<WitnessResponse> {
    const target = this.#parse(url);
    const address = await beforeAbort(this.#resolve(target), signal);
    return send(target, address, body, signal, this.#options.ca);
  }

  #parse(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined) refuse('is no URL', text);
    const { protocol, username, password, search, hash } = url;
    const secure = protocol === 'https:' || (protocol === 'http:' && this.#options.allowPrivate);
    if (!secure) refuse('does not begin with `https://`', text);
    if (username !== '' || password !== '' || search !== '' || hash !== '') {
      refuse('holds a user, a query or a fragment', text);
    }
    const host = literalOf(url);
    if (isIP(host) !== 0 && !this.#isAllowed(host)) refuse('names an address that is not public', text);
    return url;
  }

  async #resolve(url: URL): Promise<string> {
    const host = literalOf(url);
    if (isIP(host) !== 0) return host;
    const found = await (this.#options.lookup ?? resolveAll)(host);
    // All of them: a name that stands for both kinds is no accident.
    if (found.length > 0 && found.every(({ address }) => this.#isAllowed(address))) return found[0]?.address ?? '';
    throw new UnavailableError(
      'PUBLISHER_UNAVAILABLE',
      'the name of the witness leads to an address that is not public',
      {
        host,
      },
    );
  }

  #isAllowed(address: string): boolean {
    return this.#options.allowPrivate || isPublicAddress(address);
  }
}

/** The host without the brackets of IPv6. The URL parser has brought every spelling of an IPv4 address to the dotted one. */
function literalOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

async function resolveAll(host: string): Promise<readonly { readonly address: string; readonly family: number }[]> {
  return systemLookup(host, { all: true });
}

function send(
  url: URL,
  address: string,
  body: string,
  signal: AbortSignal,
  ca: string | undefined,
): Promise<WitnessResponse> {
  // The name stays in the request and in the certificate's check; the connection goes to the address.
  const lookup: LookupFunction = (_host, options, callback) => {
    const family = isIP(address);
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
  const content = Buffer.from(body, 'utf8');
  const options: RequestOptions = {
    method: 'POST',
    lookup,
    signal,
    agent: false,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': content.length },
    ...(ca === undefined ? {} : { ca }),
  };
  return new Promise((resolve, reject) => {
    const request: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    request.on('error', reject);
    request.on('response', (response) => {
      readCapped(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    });
    request.end(content);
  });
}

async function readCapped(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Uint8Array>) {
    length += part.length;
    // Leaving the loop destroys the connection.
    if (length > MAX_ANSWER_BYTES) throw new Error('the answer of the witness is too long');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** A lookup by the system cannot be taken back; its answer is not waited for. */
function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function refuse(what: string, url: string): never {
  throw new RejectedError('CONFIGURATION_INVALID', `the URL of a witness ${what}`, { url });
}
