import { parseStreamName, type LedgerEvent } from '@writ/ledger';

import type { OpenedEvent, OpenedStream } from './opened-stream.js';

/** From when on which activation was in force; `null`: none. */
export interface InForce {
  readonly activation: LedgerEvent<'PolicyActivated'> | null;
  /** Of the event that brought it about; -1 for the time before the first. */
  readonly index: bigint;
  readonly recordedAtMs: number;
}

export interface PolicyTimeline {
  /** Of the stream. */
  readonly policyId: string;
  /** In order; begins with none in force. */
  readonly spans: readonly InForce[];
  readonly publications: readonly { readonly event: LedgerEvent<'PolicyPublished'>; readonly opened: OpenedEvent }[];
  /** Some publications were left out: one that is not here may be among them. */
  readonly hasWithheld: boolean;
}

/**
 * What was in force when, from the events of a policy. Returns the first event that cannot follow as a fault: of another
 * policy, of another kind, or an activation that does not count up from the one before, or is of a retired version.
 */
export function policyTimeline(stream: OpenedStream): PolicyTimeline | { readonly fault: OpenedEvent } {
  const name = parseStreamName(stream.stream);
  const spans: InForce[] = [{ activation: null, index: -1n, recordedAtMs: Number.NEGATIVE_INFINITY }];
  const publications: { event: LedgerEvent<'PolicyPublished'>; opened: OpenedEvent }[] = [];
  const retired = new Set<string>();
  let activations = 0;
  let hasWithheld = false;
  for (const opened of stream.events) {
    const { event, index } = opened;
    if (event === undefined) {
      if (opened.entry?.type !== 'PolicyPublished') return { fault: opened };
      hasWithheld = true;
      continue;
    }
    if (!isPolicyEvent(event) || name.kind !== 'policy') return { fault: opened };
    if (event.data.tenant !== name.tenant || event.data.policyId !== name.policyId) return { fault: opened };
    const current = spans.at(-1)?.activation ?? null;
    switch (event.type) {
      case 'PolicyPublished':
        if (publications.some((former) => former.event.data.version === event.data.version)) return { fault: opened };
        publications.push({ event, opened });
        break;
      case 'PolicyActivated':
        activations += 1;
        if (event.data.activation !== activations || retired.has(event.data.version)) return { fault: opened };
        if (event.data.supersedes !== (current?.data.version ?? null)) return { fault: opened };
        spans.push({ activation: event, index, recordedAtMs: event.recordedAtMs });
        break;
      case 'PolicyRetired':
        retired.add(event.data.version);
        if (event.data.version !== current?.data.version) break;
        spans.push({ activation: null, index, recordedAtMs: event.recordedAtMs });
        break;
    }
  }
  return { policyId: name.kind === 'policy' ? name.policyId : '', spans, publications, hasWithheld };
}

function isPolicyEvent(
  event: LedgerEvent,
): event is LedgerEvent<'PolicyPublished' | 'PolicyActivated' | 'PolicyRetired'> {
  return event.type === 'PolicyPublished' || event.type === 'PolicyActivated' || event.type === 'PolicyRetired';
}
