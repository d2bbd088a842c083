import type { KeyId } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import {
  evolveKeys,
  NO_KEYS,
  openEvent,
  type Attestation,
  type KeyEvent,
  type KeyStreamState,
  type LedgerEvent,
  type RecordedKey,
  type StoredEvent,
} from '@writ/ledger';

import { verifyAttestation } from './attestation.js';
import { verifySignature, type VerifySignature } from './signature.js';
import type { Trust, TrustedKey } from './signed-leaf.js';

/**
 * The keys that follow from pinned ones through the key stream. Each event of that stream is attested by the key that
 * was current before it, the first by the key that it adds, which must be pinned: so one pinned key reaches all of its
 * successors, and nobody else's.
 */
export interface KeyChain {
  /** Pinned from outside, never taken from the store. */
  readonly pinned: Trust;
  /** The key stream as far as it was followed. */
  readonly state: KeyStreamState;
}

export function beginKeyChain(pinned: Trust): KeyChain {
  return { pinned, state: NO_KEYS };
}

/**
 * Follows the events of `keys-<origin>` that come next, in order.
 *
 * @throws IntegrityError `KEY_MISMATCH` where another key than a pinned one began the stream, `KEY_UNKNOWN` where another
 *   than the current key attests, `ATTESTATION_INVALID`, `FOREIGN_EVENT`, `EVENT_INVALID`
 */
export function followKeys(
  chain: KeyChain,
  recorded: readonly StoredEvent[],
  verify: VerifySignature = verifySignature,
): KeyChain {
  return recorded.reduce((followed, stored) => follow(followed, stored, verify), chain);
}

/** Every key whose signatures may count: the recorded ones, revoked ones among them; before any is recorded the pinned. */
export function chainedKeys({ pinned, state }: KeyChain): readonly TrustedKey[] {
  return state.keys.length === 0 ? pinned.keys : state.keys;
}

/** `undefined` for a key that is not revoked, or not recorded. From the index on nothing that the key signed counts. */
export function cutOffIndexOf({ state }: KeyChain, keyId: string): bigint | undefined {
  return state.keys.find((key) => key.keyId === keyId)?.revocation?.cutOffIndex;
}

export function isKeyEvent(event: LedgerEvent): event is KeyEvent {
  return event.type === 'KeyAdded' || event.type === 'KeyRotated' || event.type === 'KeyRevoked';
}

function follow({ pinned, state }: KeyChain, stored: StoredEvent, verify: VerifySignature): KeyChain {
  const { event, attestation } = openEvent(stored);
  if (!isKeyEvent(event)) {
    throw new IntegrityError('FOREIGN_EVENT', `an event of type \`${event.type}\` does not belong to the keys`, {
      stream: stored.stream,
      revision: stored.revision.toString(),
    });
  }
  const signer = signerOf(pinned, state, attestation);
  verifyAttestation(attestation, { origin: pinned.origin, keys: [signer] }, verify);
  // That the first event adds its own signer, and that a rotation replaces it, follows from there being no other key.
  const next = evolveKeys(state, event);
  if (event.type === 'KeyAdded') requireSigner(event.data.keyId, attestation, stored);
  return { pinned, state: next };
}

/** The one key that may attest what comes next. */
function signerOf(pinned: Trust, state: KeyStreamState, attestation: Attestation): TrustedKey {
  if (state.keys.length === 0) {
    const root = pinned.keys.find(({ keyId }) => keyId === attestation.keyId);
    if (root !== undefined) return root;
    // Said in these words, because it is what an operator can mend: the wrong key file.
    throw new IntegrityError('KEY_MISMATCH', 'the key file is not the key that this ledger recorded', {
      recorded: attestation.keyId,
      atHand: pinned.keys.map(({ keyId }) => keyId),
    });
  }
  const current = currentKey(state);
  if (current?.keyId === attestation.keyId) return current;
  throw new IntegrityError('KEY_UNKNOWN', 'only the current key attests a change of the keys', {
    keyId: attestation.keyId,
    current: state.current,
  });
}

/** The key that signs now; `undefined` where there is none. */
export function currentKey(state: KeyStreamState): RecordedKey | undefined {
  return state.keys.find(({ keyId }) => keyId === state.current);
}

function requireSigner(added: KeyId, attestation: Attestation, { stream, revision }: StoredEvent): void {
  if (attestation.keyId === added) return;
  throw new IntegrityError('KEY_MISMATCH', 'the first key of a ledger attests itself', {
    stream,
    revision: revision.toString(),
    keyId: attestation.keyId,
    added,
  });
}
