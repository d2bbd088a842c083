import { equalBytes, parseBase64, sha256, toHex, utf8 } from '@writ/encoding';
import type { EventId, KeyId } from '@writ/encoding';
import { RejectedError, type CodeOfKind } from '@writ/errors';

import { requireThat } from './cannot-follow.js';
import type { Actor, Fact, KeyPurpose, LedgerEvent } from './events.js';

export type KeyEventType = 'KeyAdded' | 'KeyRotated' | 'KeyRevoked';
export type KeyEvent = LedgerEvent<KeyEventType>;

/** The keys of a ledger, folded from `keys-<origin>`. */
export interface KeyStreamState {
  readonly origin: string | null;
  readonly lastRevision: bigint;
  readonly lastRecordedAtMs: number;
  readonly keys: readonly RecordedKey[];
  /** The key that signs; `null` before the first, and after it was revoked without a successor. */
  readonly current: KeyId | null;
}

export interface RecordedKey {
  readonly keyId: KeyId;
  readonly purpose: KeyPurpose;
  /** Compressed point, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** The event of the key stream that brought it. */
  readonly eventId: EventId;
  readonly addedRevision: bigint;
  /** Rotated away by this revision. It may still have signed what was under way: rotation overlaps. */
  readonly rotatedRevision: bigint | null;
  /** From this leaf index on nothing that it signed counts. */
  readonly revocation: { readonly cutOffIndex: bigint; readonly revision: bigint } | null;
}

export const NO_KEYS: KeyStreamState = {
  origin: null,
  lastRevision: -1n,
  lastRecordedAtMs: 0,
  keys: [],
  current: null,
};

const KEY_PREFIX = utf8('writ/key/v1\n');
const PUBLIC_KEY_BYTES = 33;

/** Names a key: 16 hex digits of SHA-256("writ/key/v1\n" ‖ compressed point). Throws REQUEST_INVALID on another length. */
export function keyIdOf(publicKey33: Uint8Array): KeyId {
  if (!(publicKey33 instanceof Uint8Array) || publicKey33.length !== PUBLIC_KEY_BYTES) {
    throw new RejectedError('REQUEST_INVALID', 'a public key must be a compressed point of 33 bytes', {});
  }
  return toHex(sha256(KEY_PREFIX, publicKey33).subarray(0, 8)) as KeyId;
}

export interface NameKey {
  readonly actor: Actor;
  readonly origin: string;
  readonly keyId: KeyId;
  readonly purpose: KeyPurpose;
  /** Base64, 33 bytes. */
  readonly publicKey: string;
}
export interface RevokeKey extends NameKey {
  readonly cutOffIndex: string;
  readonly reason: string;
}

export interface KeyRuling {
  readonly append: readonly Fact<KeyEventType>[];
  readonly answer:
    | { readonly kind: 'done'; readonly revision: bigint; readonly replayed: boolean }
    | {
        readonly kind: 'refused';
        readonly code: CodeOfKind<'Rejected'> | CodeOfKind<'Integrity'>;
        readonly message: string;
        readonly details: Readonly<Record<string, unknown>>;
      };
}

/** Brings the first key of a ledger. Where one is recorded, only that one passes: another key file is not this ledger's. */
export function decideAddKey(state: KeyStreamState, command: NameKey): KeyRuling {
  const known = state.keys.find((key) => key.keyId === command.keyId);
  if (known !== undefined && state.current === command.keyId) return replayed(known.addedRevision);
  if (state.keys.length === 0) return done(state, { type: 'KeyAdded', data: factOf(command) });
  const details = { keyId: command.keyId, current: state.current };
  return refused('KEY_MISMATCH', 'the ledger has recorded another key', details);
}

/** Puts a new key in the place of the current one. */
export function decideRotateKey(state: KeyStreamState, command: NameKey): KeyRuling {
  const known = state.keys.find((key) => key.keyId === command.keyId);
  if (known !== undefined && state.current === command.keyId) return replayed(known.addedRevision);
  if (known !== undefined || state.current === null) {
    const details = { keyId: command.keyId, current: state.current };
    return refused('KEY_MISMATCH', 'the key was used before, or there is none to replace', details);
  }
  return done(state, { type: 'KeyRotated', data: { ...factOf(command), replaces: state.current } });
}

export function decideRevokeKey(state: KeyStreamState, command: RevokeKey): KeyRuling {
  const key = state.keys.find((candidate) => candidate.keyId === command.keyId);
  if (key === undefined) return refused('KEY_UNKNOWN', 'the key is not recorded', { keyId: command.keyId });
  if (key.revocation !== null) return replayed(key.revocation.revision);
  const { cutOffIndex, reason } = command;
  return done(state, { type: 'KeyRevoked', data: { ...factOf(command), cutOffIndex, reason } });
}

/** Throws IntegrityError EVENT_INVALID on an event that cannot follow. */
export function evolveKeys(state: KeyStreamState, event: KeyEvent): KeyStreamState {
  requireThat(event.revision === state.lastRevision + 1n, event, 'revisions have no gap');
  requireThat(event.recordedAtMs >= state.lastRecordedAtMs, event, 'time does not go back within a stream');
  const { origin, keyId } = event.data;
  requireThat(state.origin === null || state.origin === origin, event, 'it is of another ledger');
  const publicKey = parseBase64(event.data.publicKey, PUBLIC_KEY_BYTES);
  requireThat(keyIdOf(publicKey) === keyId, event, 'the key id is not that of the key');
  const next = { ...state, origin, lastRevision: event.revision, lastRecordedAtMs: event.recordedAtMs };
  const known = state.keys.find((key) => key.keyId === keyId);
  switch (event.type) {
    case 'KeyAdded':
      requireThat(state.keys.length === 0, event, 'only the first key is added; others are rotated in');
      return { ...next, keys: [recordedKey(event, publicKey)], current: keyId };
    case 'KeyRotated': {
      const { replaces } = event.data;
      requireThat(known === undefined && replaces === state.current, event, 'it does not replace the current key');
      const keys = state.keys.map((key) =>
        key.keyId === replaces ? { ...key, rotatedRevision: event.revision } : key,
      );
      return { ...next, keys: [...keys, recordedKey(event, publicKey)], current: keyId };
    }
    case 'KeyRevoked': {
      const same = known?.revocation === null && equalBytes(known.publicKey, publicKey);
      requireThat(same, event, 'the key is not recorded, or is revoked');
      const revocation = { cutOffIndex: BigInt(event.data.cutOffIndex), revision: event.revision };
      const keys = state.keys.map((key) => (key.keyId === keyId ? { ...key, revocation } : key));
      return { ...next, keys, current: state.current === keyId ? null : state.current };
    }
  }
}

function recordedKey(event: LedgerEvent<'KeyAdded' | 'KeyRotated'>, publicKey: Uint8Array): RecordedKey {
  const { keyId, purpose } = event.data;
  const { eventId, revision: addedRevision } = event;
  return { keyId, purpose, publicKey, eventId, addedRevision, rotatedRevision: null, revocation: null };
}

function factOf({ actor, origin, keyId, purpose, publicKey }: NameKey) {
  return { actor, origin, keyId, purpose, publicKey };
}

function done(state: KeyStreamState, fact: Fact<KeyEventType>): KeyRuling {
  return { append: [fact], answer: { kind: 'done', revision: state.lastRevision + 1n, replayed: false } };
}

function replayed(revision: bigint): KeyRuling {
  return { append: [], answer: { kind: 'done', revision, replayed: true } };
}

function refused(
  code: CodeOfKind<'Rejected'> | CodeOfKind<'Integrity'>,
  message: string,
  details: Readonly<Record<string, unknown>>,
): KeyRuling {
  return { append: [], answer: { kind: 'refused', code, message, details } };
}
