import type { KeyId } from '@writ/encoding';
import type { TrustedKey } from '@writ/evidence';
import { evolveKeys, NO_KEYS, type KeyEvent, type KeyStreamState } from '@writ/ledger';

/** A key event, where it stands in the tree, and who attested it. */
export interface PlacedKeyEvent {
  readonly event: KeyEvent;
  readonly index: bigint;
  readonly signer: KeyId;
}

export type KeyStanding = 'valid' | 'unknown' | 'not-yet-valid' | 'revoked';

/** Which keys count where. Validity goes by leaf index, never by a time that somebody claims. */
export interface KeyHistory {
  /** Of a key that is pinned or recorded; that alone does not make it count. */
  publicKeyOf(keyId: string): Uint8Array | undefined;
  standingAt(keyId: string, index: bigint): KeyStanding;
}

/** How a key event breaks the rules of docs/spec/bundle.md. */
export interface KeyFault {
  readonly at: number;
  readonly code: 'EVENT_INVALID' | 'KEY_UNKNOWN';
}

/** The first index at which a key counts. */
type Since = ReadonlyMap<string, bigint>;

/** Before any key event is read: the pinned keys, from the first leaf on. */
export function pinnedHistory(pinned: readonly TrustedKey[]): KeyHistory {
  return historyOf(pinned, NO_KEYS, new Map(pinned.map(({ keyId }) => [keyId, 0n])));
}

/**
 * Folds the key stream of a ledger. Each event must be able to follow, and be attested by the key that was current before
 * it, `KeyAdded` by its own. A key counts when it is pinned, or brought by a `KeyRotated` that a counting key signed
 * below its cut-off.
 */
export function foldKeys(
  events: readonly PlacedKeyEvent[],
  pinned: readonly TrustedKey[],
): { readonly history: KeyHistory; readonly faults: readonly KeyFault[] } {
  let state = NO_KEYS;
  const faults: KeyFault[] = [];
  for (const [at, placed] of events.entries()) {
    if (!mayAttest(state, placed)) faults.push({ at, code: 'KEY_UNKNOWN' });
    try {
      state = evolveKeys(state, placed.event);
    } catch {
      // What follows cannot be judged.
      return { history: pinnedHistory(pinned), faults: [...faults, { at, code: 'EVENT_INVALID' }] };
    }
  }
  return { history: historyOf(pinned, state, sinceOf(events, pinned, state)), faults };
}

/** The key that was current before it attests a change; the first key attests itself. */
function mayAttest(state: KeyStreamState, { event, signer }: PlacedKeyEvent): boolean {
  return signer === (event.type === 'KeyAdded' ? event.data.keyId : state.current);
}

/**
 * Revocations are taken as they stand at the end: one that came late takes back what its key had brought after the
 * cut-off. Every recorded one counts, whoever pinned whom: it can only make the verifier refuse more.
 */
function sinceOf(events: readonly PlacedKeyEvent[], pinned: readonly TrustedKey[], state: KeyStreamState): Since {
  const since = new Map<string, bigint>(pinned.map(({ keyId }) => [keyId, 0n]));
  for (const { event, index, signer } of events) {
    const { keyId } = event.data;
    if (event.type === 'KeyRevoked') continue;
    const reached =
      event.type === 'KeyRotated' && standingIn(state, since, signer, index) === 'valid' ? true : since.has(keyId);
    // Also a pinned key signs nothing before the event that brought it.
    if (reached) since.set(keyId, event.type === 'KeyAdded' ? index : index + 1n);
  }
  return since;
}

function standingIn(state: KeyStreamState, since: Since, keyId: string, index: bigint): KeyStanding {
  const first = since.get(keyId);
  if (first === undefined) return 'unknown';
  const revocation = state.keys.find((key) => key.keyId === keyId)?.revocation ?? null;
  if (revocation !== null && index >= revocation.cutOffIndex) return 'revoked';
  return index < first ? 'not-yet-valid' : 'valid';
}

function historyOf(pinned: readonly TrustedKey[], state: KeyStreamState, since: Since): KeyHistory {
  // Ids follow from keys, so a recorded key cannot stand in for a pinned one.
  const keys = new Map([...state.keys, ...pinned].map(({ keyId, publicKey }) => [keyId as string, publicKey]));
  return {
    publicKeyOf: (keyId) => keys.get(keyId),
    standingAt: (keyId, index) => standingIn(state, since, keyId, index),
  };
}
