import { parseBase64, type Commitment, type JsonValue } from '@writ/encoding';
import { commitBodyDigest, opens, type CommitmentName, type LedgerEvent, type Outcome } from '@writ/ledger';

import type { Findings } from './check-list.js';
import { isDecision, type Decision } from './decisions.js';
import type { OpenedEvent, OpenedStream } from './opened-stream.js';

type ReportEvent = LedgerEvent<'ExecutionCommitted' | 'ExecutionFailed' | 'OutcomeUnknown' | 'LateOutcomeReported'>;

/**
 * `openings`: each one opens what its event commits to, and none is there that nothing commits to. Skipped where a value
 * that a decision rests on was withheld. What was reported at the end of a run is held to the digest of that report.
 */
export function checkOpenings(streams: readonly OpenedStream[], decisions: readonly Decision[], found: Findings): void {
  for (const opened of streams.flatMap(({ events }) => events)) checkOpeningsOf(opened, found);
  for (const { opened } of decisions) {
    const missing = withheldOf(opened);
    if (missing.length > 0) found.skip('WITHHELD', opened.subject, `withheld: ${missing.join(', ')}`);
  }
  const reports = streams.flatMap(({ events }) => events).filter(({ event }) => event !== undefined && isReport(event));
  for (const report of reports) checkBody(report, decisions, found);
}

/** Names of what an event commits to and the bundle does not open. */
export function withheldOf({ event, openings }: OpenedEvent): readonly string[] {
  if (event === undefined) return [];
  return [...commitmentsOf(event).keys()].filter((name) => !Object.hasOwn(openings, name));
}

function checkOpeningsOf({ event, openings, subject }: OpenedEvent, found: Findings): void {
  if (event === undefined) {
    if (Object.keys(openings).length > 0) found.skip('RESTS_ON_FAILED', subject);
    return;
  }
  const commitments = commitmentsOf(event);
  for (const [name, opening] of Object.entries(openings)) {
    const commitment = commitments.get(name);
    if (commitment === undefined || !opens(commitment, name as CommitmentName, opening)) {
      found.fail('OPENING_MISMATCH', subject);
    }
  }
}

/** Everything that an event commits to under a salt. */
function commitmentsOf(event: LedgerEvent): ReadonlyMap<string, Commitment> {
  if (isDecision(event)) {
    const { subject, parameters, signals } = event.data.intent;
    const named = Object.entries(signals).map(([name, commitment]) => [`signal:${name}`, commitment] as const);
    return new Map([['subject', subject], ['parameters', parameters], ...named]);
  }
  if (isReport(event) && event.data.result !== null) return new Map([['result', event.data.result]]);
  return new Map();
}

/** The digest that tells one report from another is over outcome, parameters and result, under the salt of the grant. */
function checkBody({ event, openings, subject }: OpenedEvent, decisions: readonly Decision[], found: Findings): void {
  if (event === undefined || !isReport(event)) return;
  const { decisionId, result, bodyDigest } = event.data;
  const decision = decisions.find((candidate) => candidate.event.data.decisionId === decisionId);
  const salt = decision?.opened.openings['parameters']?.salt;
  const value: JsonValue | undefined = result === null ? null : openings['result']?.value;
  if (decision === undefined || salt === undefined || value === undefined) return;
  const { parameters } = decision.event.data.intent;
  const body = { outcome: outcomeOfReport(event), parameters, result: value };
  if (commitBodyDigest(parseBase64(salt, 16), body) !== bodyDigest) found.fail('OPENING_MISMATCH', subject);
}

function outcomeOfReport(event: ReportEvent): Outcome {
  switch (event.type) {
    case 'ExecutionCommitted':
      return 'succeeded';
    case 'ExecutionFailed':
      return 'failed';
    case 'OutcomeUnknown':
      return 'unknown';
    case 'LateOutcomeReported':
      return event.data.outcome;
  }
}

function isReport(event: LedgerEvent): event is ReportEvent {
  return 'bodyDigest' in event.data;
}
