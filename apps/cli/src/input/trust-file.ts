import { formatVerifierKey } from '@writ/checkpoint';
import { parseBase64, parseHex, sha256, toBase64, toHex } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import { keyIdOf, type Trust, type TrustedKey } from '@writ/evidence';
import { formatTrustFile, parseTrustFile, type TrustFile } from '@writ/verifier';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';
import { readText } from './read-input.js';

/** Flags by which a command is told whom to believe. */
export interface TrustFlags {
  readonly trust?: string;
  readonly key?: string;
  readonly origin?: string;
}

const ADVICE = '`writ keys export --trust` prints one, on the machine of the ledger';

/** A public key, told in a way that two people can compare over the telephone. */
export interface Fingerprint {
  readonly purpose: 'checkpoint' | 'attestation' | 'witness';
  readonly name: string;
  readonly key: string;
  /** SHA-256 over the bytes of the public key, hex in groups of four. */
  readonly sha256: string;
}

/** Of every key that a trust file pins. */
export function fingerprintsOf({ policy, keys }: Pick<TrustFile, 'policy' | 'keys'>): readonly Fingerprint[] {
  const print = (bytes: Uint8Array): string => toHex(sha256(bytes)).replace(/.{4}(?=.)/g, '$& ');
  return [
    ...policy.logs.map(({ key }): Fingerprint => ({
      purpose: 'checkpoint',
      name: key.name,
      key: formatVerifierKey(key),
      sha256: print(key.publicKey),
    })),
    ...keys.map(({ keyId, publicKey }): Fingerprint => ({
      purpose: 'attestation',
      name: keyId,
      key: toBase64(publicKey),
      sha256: print(publicKey),
    })),
    ...policy.witnesses.map(({ name, key }): Fingerprint => ({
      purpose: 'witness',
      name,
      key: formatVerifierKey(key),
      sha256: print(key.publicKey),
    })),
  ];
}

/** Whom to believe, as a file to pin and hand around, with what to compare before it is believed. Nothing in it is secret. */
export function trustFileText(trust: Pick<TrustFile, 'origin' | 'policy' | 'keys'>): string {
  const prints = fingerprintsOf(trust).map(
    ({ purpose, name, sha256: print }) => `#   ${purpose} ${name}\n#     ${print}`,
  );
  return (
    `# Whom a verifier of ${trust.origin} believes (docs/guides/verify-offline.md). Nothing here is secret.\n` +
    '# Before you rely on it, compare these SHA-256 fingerprints with the operator over another way than this file came:\n' +
    `${prints.join('\n')}\n${formatTrustFile(trust)}`
  );
}

/** @throws UsageError */
export async function readTrustFile(world: World, path: string): Promise<TrustFile> {
  const text = await readText(world, path);
  if (/^\s*\{/.test(text) && text.includes('"secretKey"')) {
    throw new UsageError(`\`${path}\` holds a secret: keep it where it is`, { advice: ADVICE });
  }
  try {
    return parseTrustFile(text);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    const { line } = cause.details;
    const place = typeof line === 'number' && line > 0 ? `, line ${line}` : '';
    throw new UsageError(`\`${path}\` is not a trust file${place}: ${cause.message}`, { advice: ADVICE, cause });
  }
}

/**
 * Whom to believe about attestations: a trust file (`--trust`), or one public key itself (`--key`: 33 bytes in hex or
 * base64), which says nothing of the origin. @throws UsageError
 */
export async function readTrust(world: World, flags: TrustFlags): Promise<Trust> {
  if ((flags.trust === undefined) === (flags.key === undefined)) {
    throw new UsageError('whom to believe? `--trust <file>`, or `--key <public key>` with `--origin`', {
      advice: ADVICE,
    });
  }
  if (flags.key !== undefined) {
    const origin = flags.origin ?? world.env['WRIT_ORIGIN'];
    if (origin === undefined || origin === '') {
      throw new UsageError('of which ledger is that key?', { advice: 'give --origin, or a trust file with --trust' });
    }
    return { origin, keys: [publicKeyOf(flags.key)] };
  }
  const { origin, keys } = await readTrustFile(world, flags.trust ?? '');
  if (flags.origin !== undefined && flags.origin !== origin) {
    throw new UsageError(`\`${flags.trust}\` is for \`${origin}\`, not for \`${flags.origin}\``);
  }
  return { origin, keys };
}

function publicKeyOf(text: string): TrustedKey {
  try {
    const publicKey = /^[0-9a-f]{66}$/.test(text) ? parseHex(text, 33) : parseBase64(text, 33);
    return { keyId: keyIdOf(publicKey), publicKey };
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new UsageError('that is not a public key (33 bytes, hex or base64)', {
      advice: 'a trust file is given with --trust',
      cause,
    });
  }
}
