import { randomUUID } from 'node:crypto';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent } from '@writ/event-store';
import { outcomeOf, type Outcome } from '../../fault/harness/outcome.js';
import type { AppendFault } from '../double/faults.js';

/** Every fault of appends after which the store could be used again at once: the append itself must come to an end. */
export const PASSING_FAULTS: readonly AppendFault[] = [
  'lose_answer',
  'never_answer',
  'half_close',
  'half_close_after',
  'unavailable',
  'unavailable_after',
  'not_leader',
  'slow',
  'reset',
  'reset_before',
  'server_timeout',
  'server_timeout_after',
  'not_ready',
  'wrong_revision',
  'idempotent_ack',
];

/** Long enough for a machine that does other things as well. */
const DEADLINE_MS = 60_000;
const LOOK_AGAIN_MS = 50;

export const newStream = (): string => `decision-${randomUUID()}`;

export const newEvent = (text = 'admitted'): NewEvent => ({
  eventId: randomUUID(),
  type: 'DecisionAdmitted',
  typeVersion: 1,
  data: Buffer.from(JSON.stringify({ text })),
  metadata: Buffer.from('{}'),
});

/** Asks again until `isRight`, and returns the answer; fails with the last one after a minute. */
export async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  const endsMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > endsMs) throw new Error(`still ${JSON.stringify(answer, withBigints)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

const withBigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value);

/** The same append, sent again while its outcome is unknown or the store is away after it was unknown: what a caller does. */
export async function appendUntilKnown(
  store: EventStore,
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): Promise<Outcome<AppendResult>> {
  const first = await outcomeOf(store.append(stream, expected, events));
  if (first.code !== 'STORE_OUTCOME_UNKNOWN') return first;
  return until(
    () => outcomeOf(store.append(stream, expected, events)),
    ({ code }) => code !== 'STORE_OUTCOME_UNKNOWN' && code !== 'STORE_UNAVAILABLE' && code !== 'OVERLOADED',
  );
}

/** Waits until the store takes appends again, and tells after how many milliseconds it did. */
export async function untilUsable(store: EventStore): Promise<number> {
  const begunMs = performance.now();
  await until(
    () => outcomeOf(store.append(newStream(), 'no_stream', [newEvent()])),
    ({ code }) => code === 'OK',
  );
  return performance.now() - begunMs;
}

/** Collects promises that nobody looked after while a suite runs. */
export class UnhandledRejections {
  readonly seen: unknown[] = [];
  readonly #listener = (reason: unknown): void => void this.seen.push(reason);

  begin(): void {
    process.on('unhandledRejection', this.#listener);
  }

  /** Gives what was left behind a turn to come up. */
  async end(): Promise<readonly unknown[]> {
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.off('unhandledRejection', this.#listener);
    return this.seen;
  }
}
