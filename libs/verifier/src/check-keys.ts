import { parseBase64, type KeyId } from '@writ/encoding';
import { isKeyEvent, verifyAttestation, type VerifySignature } from '@writ/evidence';

import type { CheckCode } from './check-codes.js';
import type { CheckList, Findings } from './check-list.js';
import { foldKeys, pinnedHistory, type KeyHistory, type KeyStanding, type PlacedKeyEvent } from './key-history.js';
import type { OpenedEvent, OpenedStream } from './opened-stream.js';
import type { Subject } from './report.js';
import type { TrustFile } from './trust-file.js';

/** A signature whose key must count at a place of the tree. */
export interface Signing {
  readonly keyId: KeyId;
  readonly index: bigint;
  readonly subject: Subject;
}

/** What the key stream of the bundle comes to; told later by `checkKeys`, because the attestations need the keys first. */
export interface ReadKeys {
  readonly history: KeyHistory;
  report(found: Findings): void;
}

/** Folds the key stream. Where it cannot be read only the pinned keys are known. */
export function readKeys(stream: OpenedStream, trust: TrustFile): ReadKeys {
  const placed = stream.events.flatMap(placedOf);
  if (placed.length !== stream.events.length) {
    return {
      history: pinnedHistory(trust.keys),
      report: (found) => {
        found.skip('RESTS_ON_FAILED', { stream: stream.stream });
      },
    };
  }
  const { history, faults } = foldKeys(placed, trust.keys);
  const foreign = placed.findIndex(({ event }) => event.data.origin !== trust.origin);
  return {
    history,
    report(found) {
      for (const { at, code } of faults) found.fail(code, stream.events[at]?.subject ?? null);
      if (foreign >= 0) found.fail('EVENT_INVALID', stream.events[foreign]?.subject ?? null);
    },
  };
}

/** So many bad signatures are enough: only who holds a key can make a file whose every signature costs its price. */
const MAX_BAD_SIGNATURES = 100;

/** `attestations`: each entry was signed with the key that its attestation names. */
export function checkAttestations(
  events: readonly OpenedEvent[],
  history: KeyHistory,
  origin: string,
  verify: VerifySignature,
  found: Findings,
): void {
  let bad = 0;
  for (const { attestation, subject } of events) {
    if (bad >= MAX_BAD_SIGNATURES) return;
    const publicKey = history.publicKeyOf(attestation.keyId);
    if (publicKey === undefined) {
      found.skip('KEY_UNKNOWN', subject);
      continue;
    }
    try {
      verifyAttestation(attestation, { origin, keys: [{ keyId: attestation.keyId, publicKey }] }, verify);
    } catch {
      bad += 1;
      found.fail('ATTESTATION_INVALID', subject);
    }
  }
}

/** `keys`: the key stream is lawful, and every key counts where it signed. */
export function checkKeys(keys: ReadKeys, signings: readonly Signing[], checks: CheckList): void {
  checks.run('keys', (found) => {
    keys.report(found);
    for (const { keyId, index, subject } of signings) {
      const code = codeOfStanding(keys.history.standingAt(keyId, index));
      if (code !== undefined) found.fail(code, subject);
    }
  });
}

/**
 * The signings that must be by keys that count: all heads, and the events of execution and policy. Those of key events
 * are judged by the fold, which also knows keys that this reader has not pinned.
 */
export function signingsOf(
  execution: OpenedStream,
  policy: OpenedStream,
  keys: OpenedStream,
  treeSize: bigint,
): Signing[] {
  // A head tells of all leaves below its size, so it is younger than the last of them, which may have brought its key.
  const heads = [execution, policy, keys].map(({ stream, head }) => ({
    keyId: head.keyId,
    index: treeSize,
    subject: { stream },
  }));
  const events = [...execution.events, ...policy.events];
  return [...heads, ...events.map((event) => ({ ...event, keyId: event.attestation.keyId }))];
}

/** A signature inside an event's data, e.g. that of a publication. */
export function verifyPlain(
  message: Uint8Array,
  signature: string,
  keyId: string,
  history: KeyHistory,
  verify: VerifySignature,
): CheckCode | undefined {
  const publicKey = history.publicKeyOf(keyId);
  if (publicKey === undefined) return 'KEY_UNKNOWN';
  return verify(message, parseBase64(signature, 64), publicKey) ? undefined : 'SIGNATURE_INVALID';
}

/** `undefined` for a key that counts. */
export function codeOfStanding(standing: KeyStanding): CheckCode | undefined {
  switch (standing) {
    case 'valid':
      return undefined;
    case 'unknown':
      return 'KEY_UNKNOWN';
    case 'not-yet-valid':
      return 'KEY_NOT_YET_VALID';
    case 'revoked':
      return 'KEY_REVOKED';
  }
}

function placedOf({ event, index, attestation }: OpenedEvent): PlacedKeyEvent[] {
  return event !== undefined && isKeyEvent(event) ? [{ event, index, signer: attestation.keyId }] : [];
}
