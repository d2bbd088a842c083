import { canonicalText, parseBase64, parseHex, toBase64, type JsonValue } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import { keyIdOf, type Trust, type TrustedKey } from '@writ/evidence';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';
import { isObject, readJson, readText, textIn } from './read-input.js';

/**
 * Whom to believe, as a file to pin and hand around: nothing in it is secret.
 * `{"kind":"writ-trust","keys":[{"keyId":"…","publicKey":"<base64>"}],"origin":"…","v":1}`
 */
export function trustFileText({ origin, keys }: Trust): string {
  const members = keys.map(({ keyId, publicKey }) => ({ keyId, publicKey: toBase64(publicKey) }));
  return `${canonicalText({ v: 1, kind: 'writ-trust', origin, keys: members })}\n`;
}

/**
 * What `--key` names: a trust file, or a public key itself (33 bytes, hex or base64), which says nothing of the origin.
 * @throws UsageError
 */
export async function readTrust(world: World, key: string, originFlag: string | undefined): Promise<Trust> {
  const bare = barePublicKey(key);
  if (bare !== undefined) {
    const origin = originFlag ?? world.env['WRIT_ORIGIN'];
    if (origin === undefined || origin === '') {
      throw new UsageError('of which ledger is that key?', { advice: 'give --origin, or a trust file' });
    }
    return { origin, keys: [bare] };
  }
  const value = readJson(await readText(world, key), key);
  const trust = readTrustFile(value, key);
  if (originFlag !== undefined && originFlag !== trust.origin) {
    throw new UsageError(`\`${key}\` is for \`${trust.origin}\`, not for \`${originFlag}\``);
  }
  return trust;
}

function barePublicKey(text: string): TrustedKey | undefined {
  try {
    if (/^[0-9a-f]{66}$/.test(text)) return named(parseHex(text, 33));
    if (/^[A-Za-z0-9+/]{44}$/.test(text)) return named(parseBase64(text, 33));
    return undefined;
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new UsageError('that is not a public key', { cause });
  }
}

function readTrustFile(value: JsonValue, path: string): Trust {
  if (isObject(value) && value['kind'] === 'writ-secp256k1') {
    throw new UsageError(`\`${path}\` holds the secret: keep it where it is`, {
      advice: `\`writ keys show ${path} --trust\` prints what may be handed around`,
    });
  }
  const { v, kind, origin, keys } = isObject(value) ? value : {};
  if (v !== 1 || kind !== 'writ-trust' || typeof origin !== 'string' || !Array.isArray(keys) || keys.length === 0) {
    throw new UsageError(`\`${path}\` is not a trust file`, {
      advice: '`writ keys show <key file> --trust` prints one',
    });
  }
  return { origin, keys: (keys as readonly JsonValue[]).map((key) => readKey(key, path)) };
}

function readKey(key: JsonValue, path: string): TrustedKey {
  const { keyId, publicKey } = isObject(key) ? key : {};
  try {
    const trusted = named(parseBase64(textIn(publicKey), 33));
    if (trusted.keyId === keyId) return trusted;
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
  }
  throw new UsageError(`\`${path}\` holds a key whose id does not follow from it`);
}

function named(publicKey: Uint8Array): TrustedKey {
  return { keyId: keyIdOf(publicKey), publicKey };
}
