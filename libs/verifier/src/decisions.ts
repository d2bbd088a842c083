import type { LedgerEvent } from '@writ/ledger';

import type { OpenedEvent, OpenedStream } from './opened-stream.js';
import type { DecisionClaim } from './report.js';

export type DecisionEvent = LedgerEvent<'DecisionAdmitted' | 'DecisionDenied' | 'DecisionEscalated'>;

/** A decision of the execution, and what the bundle holds of it. */
export interface Decision {
  readonly event: DecisionEvent;
  readonly opened: OpenedEvent;
}

const OUTCOMES = {
  DecisionAdmitted: 'admitted',
  DecisionDenied: 'denied',
  DecisionEscalated: 'escalated',
} as const satisfies Record<DecisionEvent['type'], DecisionClaim['outcome']>;

export function decisionsOf({ events }: OpenedStream): readonly Decision[] {
  return events.flatMap((opened) => {
    const { event } = opened;
    return event !== undefined && isDecision(event) ? [{ event, opened }] : [];
  });
}

export function isDecision(event: LedgerEvent): event is DecisionEvent {
  return Object.hasOwn(OUTCOMES, event.type);
}

export function outcomeOf({ type }: DecisionEvent): DecisionClaim['outcome'] {
  return OUTCOMES[type];
}
