import { IntegrityError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import {
  evolve,
  isExecutionEvent,
  NO_EXECUTION,
  openEvent,
  type ExecutionEvent,
  type ExecutionState,
  type LedgerEvent,
  type Openings,
} from '@writ/ledger';
import type { Attestation } from '@writ/evidence';
import type { SealedEvent } from './seal-events.js';
import type { TrustedKeys } from './trusted-keys.js';

/** An event of an execution with all that answers are made of. */
export interface KeptEvent {
  readonly event: ExecutionEvent;
  readonly typeVersion: number;
  /** Canonical JSON. */
  readonly data: Uint8Array;
  readonly attestation: Attestation;
  readonly openings: Openings;
}

/** One execution's stream: every event opened, its signature verified, and all of them folded. */
export interface ExecutionLog {
  readonly stream: string;
  readonly state: ExecutionState;
  readonly events: readonly KeptEvent[];
  /** `undefined` where the stream does not exist. */
  readonly streamSalt: Uint8Array | undefined;
}

export function emptyLog(stream: string): ExecutionLog {
  return { stream, state: NO_EXECUTION, events: [], streamSalt: undefined };
}

/** Revision of the last event; `undefined` where there is none. */
export function lastRevisionOf(log: ExecutionLog): bigint | undefined {
  return log.events.at(-1)?.event.revision;
}

/**
 * Opens a whole stream as the store returned it. Only events that a trusted key signed are folded: one that is not
 * refuses the execution, whatever the others say.
 *
 * @throws IntegrityError `FOREIGN_EVENT`, `ATTESTATION_INVALID`, `EVENT_INVALID`, `KEY_UNKNOWN`; `details.revision`
 */
export function openExecutionLog(stream: string, recorded: readonly RecordedEvent[], keys: TrustedKeys): ExecutionLog {
  let { state, streamSalt } = emptyLog(stream);
  const events: KeptEvent[] = [];
  for (const stored of recorded) {
    try {
      const opened = openEvent(stored, streamSalt);
      keys.verify(opened.attestation, stored);
      const event = executionEventOf(opened.event);
      state = evolve(state, event);
      streamSalt = opened.streamSalt;
      const { attestation, openings } = opened;
      events.push({ event, typeVersion: stored.typeVersion, data: stored.data, attestation, openings });
    } catch (error) {
      throw atRevision(error, stored);
    }
  }
  return { stream, state, events, streamSalt };
}

/** The log as it stands after `sealed` was appended to it, without reading it again. */
export function extendLog(
  log: ExecutionLog,
  streamSalt: Uint8Array,
  sealed: readonly SealedEvent<ExecutionEvent['type']>[],
): ExecutionLog {
  let { state } = log;
  const events = [...log.events];
  for (const { prepared, attestation, openings } of sealed) {
    const event = executionEventOf(prepared.event);
    state = evolve(state, event);
    events.push({ event, typeVersion: prepared.typeVersion, data: prepared.data, attestation, openings });
  }
  return { stream: log.stream, state, events, streamSalt };
}

/** An event of ours in a stream that it does not belong to is as foreign as any other. */
function executionEventOf(event: LedgerEvent): ExecutionEvent {
  if (!isExecutionEvent(event)) {
    throw new IntegrityError('FOREIGN_EVENT', `an event of type \`${event.type}\` does not belong to an execution`);
  }
  return event;
}

function atRevision(error: unknown, stored: RecordedEvent): unknown {
  if (!(error instanceof IntegrityError)) return error;
  const details = { ...error.details, stream: stored.stream, revision: stored.revision.toString() };
  return new IntegrityError(error.code, error.message, details, { cause: error });
}
