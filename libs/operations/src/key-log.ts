import { toBase64 } from '@writ/encoding';
import type { KeyId } from '@writ/encoding';
import { readWholeStream } from '@writ/event-store';
import { beginKeyChain, followKeys, isKeyEvent } from '@writ/evidence';
import { openEvent, type Attestation, type KeyEvent, type KeyStreamState } from '@writ/ledger';
import { opensslVerify } from '@writ/signing';
import type { Engine } from './engine.js';
import type { KeyView } from './key-operations.js';
import type { EventReceipt } from './operations.js';
import { eventReceipt } from './receipt.js';

export interface KeptKeyEvent {
  readonly event: KeyEvent;
  readonly typeVersion: number;
  readonly data: Uint8Array;
  readonly attestation: Attestation;
}

/** The key stream as it stands in the store: verified from the pinned keys on. */
export interface KeyLog {
  readonly state: KeyStreamState;
  readonly events: readonly KeptKeyEvent[];
}

/** @throws as `followKeys`, and as the store does */
export async function readKeyLog({ ports, keys }: Pick<Engine, 'ports' | 'keys'>): Promise<KeyLog> {
  const recorded = await readWholeStream(ports.store, keys.stream);
  const { state } = followKeys(beginKeyChain(keys.pinned), recorded, opensslVerify);
  const events = recorded.flatMap(({ typeVersion, data, ...stored }): KeptKeyEvent[] => {
    const { event, attestation } = openEvent({ ...stored, typeVersion, data });
    return isKeyEvent(event) ? [{ event, typeVersion, data, attestation }] : [];
  });
  return { state, events };
}

/** Every key, in the order in which they came. */
export async function keyViews({ ports }: Pick<Engine, 'ports'>, { state, events }: KeyLog): Promise<KeyView[]> {
  const standings = await ports.lineage.standings(state.keys.map(({ eventId }) => eventId));
  return state.keys.map((key, at) => {
    const standing = standings[at];
    const { keyId, purpose, publicKey, revocation } = key;
    return {
      keyId,
      purpose,
      publicKey: toBase64(publicKey),
      state: revocation !== null ? 'revoked' : state.current === keyId ? 'current' : 'rotated',
      addedAtMs: events[Number(key.addedRevision)]?.event.recordedAtMs ?? 0,
      ...(standing === undefined || standing.kind === 'recorded' ? {} : { addedIndex: standing.index }),
      ...(revocation === null ? {} : { cutOffIndex: revocation.cutOffIndex, reason: reasonOf(events, keyId) }),
    };
  });
}

export function keyEventReceipt({ events }: KeyLog, revision: bigint): EventReceipt {
  const kept = events[Number(revision)];
  if (kept === undefined) throw new Error(`no key event at revision ${revision}`);
  return eventReceipt(kept);
}

function reasonOf(events: readonly KeptKeyEvent[], keyId: KeyId): string {
  for (const { event } of events) {
    if (event.type === 'KeyRevoked' && event.data.keyId === keyId) return event.data.reason;
  }
  return '';
}
