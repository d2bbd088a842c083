import { IntegrityError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import {
  evolvePolicy,
  NO_POLICY,
  openEvent,
  type Attestation,
  type LedgerEvent,
  type PolicyEvent,
  type PolicyStreamState,
} from '@writ/ledger';
import type { EventReceipt } from './operations.js';
import { eventReceipt } from './receipt.js';
import type { TrustedKeys } from './trusted-keys.js';

/** One policy's stream: every event opened, verified and folded. */
export interface PolicyLog {
  readonly stream: string;
  readonly state: PolicyStreamState;
  readonly events: readonly KeptPolicyEvent[];
}

export interface KeptPolicyEvent {
  readonly event: PolicyEvent;
  readonly typeVersion: number;
  readonly data: Uint8Array;
  readonly attestation: Attestation;
}

export function emptyPolicyLog(stream: string): PolicyLog {
  return { stream, state: NO_POLICY, events: [] };
}

/**
 * The log with the events that follow it.
 * @throws IntegrityError `FOREIGN_EVENT`, `EVENT_INVALID`
 */
export function extendPolicyLog(log: PolicyLog, recorded: readonly RecordedEvent[], keys: TrustedKeys): PolicyLog {
  let { state } = log;
  const events = [...log.events];
  for (const stored of recorded) {
    const { event, attestation } = openEvent(stored);
    keys.verify(attestation, stored);
    if (!isPolicyEvent(event)) {
      throw new IntegrityError('FOREIGN_EVENT', `an event of type \`${event.type}\` does not belong to a policy`, {
        stream: stored.stream,
        revision: stored.revision.toString(),
      });
    }
    state = evolvePolicy(state, event);
    events.push({ event, typeVersion: stored.typeVersion, data: stored.data, attestation });
  }
  return { stream: log.stream, state, events };
}

export function isPolicyEvent(event: LedgerEvent): event is PolicyEvent {
  return event.type === 'PolicyPublished' || event.type === 'PolicyActivated' || event.type === 'PolicyRetired';
}

/** The event at `revision` as a receipt. */
export function policyEventReceipt(log: PolicyLog, revision: bigint): EventReceipt {
  const kept = log.events[Number(revision)];
  if (kept === undefined) throw new Error(`no policy event at revision ${revision}`);
  return eventReceipt(kept);
}
