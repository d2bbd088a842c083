import type { ServiceError } from '@grpc/grpc-js';
import type { AppendOutcome } from './event-log.js';
import type { AppendFault } from './faults.js';
import { notLeaderError, unavailableError } from './messages.js';
import type { DoubleNode } from './node.js';
import type { Expectation, ProposedRecord } from './records.js';

export interface ProposedAppend {
  readonly stream: string;
  readonly expected: Expectation;
  readonly events: ProposedRecord[];
}

/** Every answer that an append can get, from the log or by a fault. */
export type AppendAnswer =
  | AppendOutcome
  | { readonly kind: 'access_denied' | 'server_timeout' | 'not_ready' | 'too_big' }
  | { readonly kind: 'bad_request'; readonly message: string };

/** The way back to the client of one append, over either path of the protocol. */
export interface AppendChannel {
  readonly peer: string;
  answer(answer: AppendAnswer): void;
  /** Ends the whole call with an error; on the batch path that is the end of its neighbours too. */
  fail(error: ServiceError): void;
  /** Ends the server's side of the call as if all were well. */
  halfClose(): void;
}

/** Bytes of data in one append; type and metadata do not count (K8). */
export const MAX_APPEND_BYTES = 1_048_576;
/** Long enough for what was stored or written to be on its way before a reset. */
const FLUSH_MS = 10;
const NO_UUID = '00000000-0000-0000-0000-000000000000';
const UUID_FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Lets the log judge one append and answers, or does what the next fault says instead. */
export function serveAppend(node: DoubleNode, append: ProposedAppend, channel: AppendChannel): void {
  const refusal = refusalOf(append);
  if (refusal !== undefined) channel.answer(refusal);
  else strike(node, node.faults.takeForAppend(append.stream), append, channel);
}

function refusalOf({ events }: ProposedAppend): AppendAnswer | undefined {
  if (events.some(({ id }) => !UUID_FORM.test(id)))
    return { kind: 'bad_request', message: 'Unrecognized Guid format.' };
  if (events.some(({ id }) => id === NO_UUID)) return { kind: 'bad_request', message: 'Empty eventId provided.' };
  if (events.some(({ type }) => type === '')) return { kind: 'bad_request', message: 'Empty eventType provided.' };
  const bytes = events.reduce((sum, { data }) => sum + data.length, 0);
  return bytes > MAX_APPEND_BYTES ? { kind: 'too_big' } : undefined;
}

function strike(
  node: DoubleNode,
  fault: AppendFault | undefined,
  { stream, expected, events }: ProposedAppend,
  channel: AppendChannel,
): void {
  const store = (): AppendOutcome => node.log.append(stream, expected, events);
  const reset = (): void => node.resetConnectionOf(channel.peer);
  switch (fault) {
    case undefined:
      return channel.answer(store());
    case 'lose_answer':
      store();
      return;
    case 'never_answer':
      return;
    case 'half_close':
      return channel.halfClose();
    case 'half_close_after':
      store();
      return channel.halfClose();
    case 'unavailable':
      return channel.fail(unavailableError());
    case 'unavailable_after':
      store();
      return channel.fail(unavailableError());
    case 'not_leader':
      return channel.fail(notLeaderError(node.leader));
    case 'slow': {
      const outcome = store();
      setTimeout(() => channel.answer(outcome), node.faults.slowMs);
      return;
    }
    case 'reset':
      store();
      setTimeout(reset, FLUSH_MS);
      return;
    case 'reset_before':
      return reset();
    case 'server_timeout':
      return channel.answer({ kind: 'server_timeout' });
    case 'server_timeout_after':
      store();
      return channel.answer({ kind: 'server_timeout' });
    case 'not_ready':
      return channel.answer({ kind: 'not_ready' });
    case 'wrong_revision':
      return channel.answer(withOtherRevision(store()));
    case 'idempotent_ack':
      return channel.answer(asRepetition(node, store()));
    case 'access_denied':
      return channel.answer({ kind: 'access_denied' });
  }
}

const withOtherRevision = (outcome: AppendOutcome): AppendOutcome =>
  outcome.kind === 'written' ? { ...outcome, lastRevision: outcome.lastRevision + 3n } : outcome;

/** The answer of an append that the server saw before, and that others have followed since. */
function asRepetition(node: DoubleNode, outcome: AppendOutcome): AppendOutcome {
  if (outcome.kind !== 'written') return outcome;
  const id = `00000000-0000-4000-8000-${node.log.end.toString(16).padStart(12, '0')}`;
  const other = { id, type: '$other', isJson: true, data: Buffer.from('{}'), metadata: new Uint8Array() };
  node.log.append('$others', 'any', [other]);
  return { ...outcome, kind: 'repeated' };
}
