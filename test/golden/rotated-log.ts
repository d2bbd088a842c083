import { toBase64, utf8 } from '@writ/encoding';
import {
  decideRevokeKey,
  decideRotateKey,
  evolveKeys,
  keysStream,
  NO_KEYS,
  parseEventData,
  parseEntry,
  type Fact,
  type KeyEvent,
  type KeyStreamState,
} from '@writ/ledger';

import { attestAnew, firstSigner, ORIGIN, sealed, secondSigner, type LoggedEvent } from './frozen-log.js';

const STREAM = keysStream(ORIGIN);
const actor = { id: 'olga', role: 'operator' } as const;

/**
 * The same ledger as if its key had been rotated after the sixth event: loan-5 is signed by the new key, loan-6 still by
 * the old one (the overlap), then the old one is revoked from the next index on (or from `cutOffIndex` on), and loan-7 comes
 * from the new key.
 */
export function rotatedLog(history: readonly LoggedEvent[], cutOffIndex?: bigint): LoggedEvent[] {
  const of = (id: string): LoggedEvent[] => history.filter(({ stream }) => stream === `execution-acme.${id}`);
  const rotated = [...history.slice(0, 6), rotation(history)];
  rotated.push(...of('loan-5').map((event) => attestAnew(event, { signer: secondSigner })));
  rotated.push(...of('loan-6'));
  rotated.push(revocation(rotated, cutOffIndex ?? BigInt(rotated.length)));
  rotated.push(...of('loan-7').map((event) => attestAnew(event, { signer: secondSigner })));
  return rotated;
}

function rotation(history: readonly LoggedEvent[]): LoggedEvent {
  const { keyId, publicKey } = secondSigner;
  const state = stateOf(history);
  const command = { actor, origin: ORIGIN, keyId, purpose: 'attestation', publicKey: toBase64(publicKey) } as const;
  return keyEvent(state, decideRotateKey(state, command).append[0], firstSigner);
}

function revocation(log: readonly LoggedEvent[], cutOffIndex: bigint): LoggedEvent {
  const { keyId, publicKey } = firstSigner;
  const state = stateOf(log);
  const command = {
    actor,
    origin: ORIGIN,
    keyId,
    purpose: 'attestation',
    publicKey: toBase64(publicKey),
    cutOffIndex: String(cutOffIndex),
    reason: 'the machine was lost',
  } as const;
  return keyEvent(state, decideRevokeKey(state, command).append[0], secondSigner);
}

function stateOf(log: readonly LoggedEvent[]): KeyStreamState {
  return log
    .filter(({ stream }) => stream === STREAM)
    .reduce((state, { type, typeVersion, data, attestation }) => {
      const { fact } = parseEventData(type, typeVersion, utf8(data));
      const { eventId, revision, recordedAtMs, dataDigest } = parseEntry(utf8(attestation.entry));
      return evolveKeys(state, { ...fact, eventId, revision, recordedAtMs, dataDigest } as KeyEvent);
    }, NO_KEYS);
}

/** The fact as the next event of the key stream, a minute after the one before. */
function keyEvent(state: KeyStreamState, fact: Fact | undefined, signer: typeof firstSigner): LoggedEvent {
  if (fact === undefined) throw new Error('the keys should have changed');
  const revision = state.lastRevision + 1n;
  return sealed(fact, { stream: STREAM, revision, recordedAtMs: state.lastRecordedAtMs + 60_000, signer });
}
