import { parseBase64, parseTenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { keyIdOf, type Trust } from '@writ/evidence';

/** How to reach a ledger, as whom, and whom to believe. */
export interface ConnectOptions {
  /** `host:port`, or several that serve the same ledger: the next one is tried when one does not answer. */
  readonly address: string | readonly string[];
  readonly tenant: string;
  /** `true`: the machine's own certificate authorities. Absent: plaintext, to loopback only unless `allowPlaintext`. */
  readonly tls?: true | TlsFiles;
  /** Send everything, the token too, in the clear beyond loopback: where something in between ends TLS. */
  readonly allowPlaintext?: boolean;
  readonly token?: string;
  /**
   * The ledger's origin and its attestation keys (compressed points: bytes, or base64 as in a key file), pinned from outside. With it, a
   * grant counts only when one of them signed it; without it, the connection is what is trusted.
   */
  readonly trust?: { readonly origin: string; readonly publicKeys: readonly (Uint8Array | string)[] };
  readonly timeouts?: Partial<Timeouts>;
}

/** PEM texts. */
export interface TlsFiles {
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** Name that the certificate must bear, where it is not the address. */
  readonly serverName?: string;
}

/** All in milliseconds. */
export interface Timeouts {
  /** One try of a call, connecting included. */
  readonly attemptMs: number;
  /** One call with its retries. */
  readonly callMs: number;
  /** The report of a run that has ended, with its retries: worth waiting for. */
  readonly commitMs: number;
}

const DEFAULT_TIMEOUTS: Timeouts = { attemptMs: 5_000, callMs: 15_000, commitMs: 60_000 };
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Checked options. */
export interface Connection {
  readonly addresses: readonly [string, ...string[]];
  readonly tenant: string;
  readonly tls: TlsFiles | undefined;
  readonly token: string | undefined;
  readonly trust: Trust | undefined;
  readonly timeouts: Timeouts;
}

/** Throws CONFIGURATION_INVALID, NAME_INVALID for the tenant, ENCODING_BASE64 for a key. */
export function parseConnectOptions(options: ConnectOptions): Connection {
  const { address, tls, token, allowPlaintext = false } = options;
  const [first, ...others] = typeof address === 'string' ? [address] : address;
  if (first === undefined) throw invalid('address', 'names no server');
  const addresses = [first, ...others] as const;
  for (const one of addresses) requireAddress(one, tls !== undefined || allowPlaintext);
  return {
    addresses,
    tenant: parseTenant(options.tenant),
    tls: tls === true ? {} : tls,
    token,
    trust: trustOf(options.trust),
    timeouts: timeoutsOf(options.timeouts),
  };
}

function requireAddress(address: string, beyondLoopback: boolean): void {
  const host = /^(\[[^\]]+\]|[^:[\]]+):\d{1,5}$/.exec(address)?.[1];
  if (host === undefined) throw invalid('address', `\`${address}\` is not \`host:port\``);
  if (beyondLoopback || LOOPBACK.test(host)) return;
  throw invalid('tls', `\`${address}\` is beyond loopback: set \`tls\`, or \`allowPlaintext\``);
}

function trustOf(trust: ConnectOptions['trust']): Trust | undefined {
  if (trust === undefined) return undefined;
  if (trust.publicKeys.length === 0) throw invalid('trust', 'holds no key');
  const keys = trust.publicKeys.map((key) => {
    const publicKey = typeof key === 'string' ? parseBase64(key, 33) : key;
    return { keyId: keyIdOf(publicKey), publicKey };
  });
  return { origin: trust.origin, keys };
}

function timeoutsOf(timeouts: Partial<Timeouts> = {}): Timeouts {
  const all = { ...DEFAULT_TIMEOUTS, ...timeouts };
  for (const [name, ms] of Object.entries(all)) {
    if (!Number.isFinite(ms) || ms <= 0) throw invalid('timeouts', `\`${name}\` must be a positive number`);
  }
  return all;
}

function invalid(option: string, message: string): RejectedError {
  return new RejectedError('CONFIGURATION_INVALID', `\`${option}\`: ${message}`, { option });
}
