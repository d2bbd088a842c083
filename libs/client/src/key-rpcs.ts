import { parseKeyId, toBase64, type KeyId } from '@writ/encoding';
import { decodeEvent, decodeInstant, named, present } from './decode-answer.js';
import type { Key, KeyAnswer, Keys, RevokeKeyRequest, RotateKeyRequest } from './key-client.js';
import { rpcOf } from './rpc.js';
import type { WireEvent, WireTimestamp } from './wire-types.js';

const service = 'KeyService';

const STATES: Readonly<Record<string, Key['state']>> = {
  KEY_STATE_CURRENT: 'current',
  KEY_STATE_ROTATED: 'rotated',
  KEY_STATE_REVOKED: 'revoked',
};

interface WireKey {
  readonly keyId: string;
  readonly purpose: string;
  readonly publicKey: Uint8Array;
  readonly state: string;
  readonly addedAt: WireTimestamp | null;
  readonly addedIndex?: string;
  readonly cutOffIndex?: string;
  readonly reason: string;
}
interface WireKeyAnswer {
  readonly key: WireKey | null;
  readonly event: WireEvent | null;
  readonly replayed: boolean;
}

export const LIST_KEYS = rpcOf<object, { readonly keys: readonly WireKey[]; readonly signsWith: string }, Keys>({
  service,
  readsOnly: true,
  method: 'ListKeys',
  encode: () => ({}),
  decode: ({ keys, signsWith }) => ({ keys: keys.map(decodeKey), signsWith: parseKeyId(signsWith) }),
});

export const ROTATE_KEY = rpcOf<RotateKeyRequest, WireKeyAnswer, KeyAnswer>({
  service,
  readsOnly: false,
  method: 'RotateKey',
  encode: (request) => request,
  decode: decodeAnswer,
});

export const REVOKE_KEY = rpcOf<RevokeKeyRequest, WireKeyAnswer, KeyAnswer>({
  service,
  readsOnly: false,
  method: 'RevokeKey',
  encode: ({ cutOffIndex, ...request }) => ({
    ...request,
    ...(cutOffIndex === undefined ? {} : { cutOffIndex: cutOffIndex.toString() }),
  }),
  decode: decodeAnswer,
});

function decodeAnswer(wire: WireKeyAnswer): KeyAnswer {
  return {
    key: decodeKey(present(wire.key, 'key')),
    event: decodeEvent(present(wire.event, 'event')),
    replayed: wire.replayed,
  };
}

function decodeKey(wire: WireKey): Key {
  const keyId: KeyId = parseKeyId(wire.keyId);
  return {
    keyId,
    purpose: wire.purpose,
    publicKey: toBase64(wire.publicKey),
    state: named(STATES, wire.state, 'key.state'),
    addedAtMs: decodeInstant(wire.addedAt, 'key.added_at'),
    ...(wire.addedIndex === undefined ? {} : { addedIndex: BigInt(wire.addedIndex) }),
    ...(wire.cutOffIndex === undefined ? {} : { cutOffIndex: BigInt(wire.cutOffIndex) }),
    ...(wire.reason === '' ? {} : { reason: wire.reason }),
  };
}
