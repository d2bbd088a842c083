import { IntegrityError, RejectedError, UnavailableError } from '@writ/errors';
import {
  eventIdReused,
  revisionAfter,
  revisionConflict,
  sameEvent,
  type AppendResult,
  type ExpectedRevision,
  type NewEvent,
  type RecordedEvent,
} from '@writ/event-store';
import type { ClientLink } from './client-link.js';
import { eventsOf, packAppend } from './events.js';
import type { Failure } from './failures.js';
import type { AcceptedAppend } from './waiting-requests.js';

/** What an append needs of the link. */
export type AppendLink = Pick<ClientLink, 'append' | 'readStream' | 'untilUsable' | 'outage' | 'tail'>;

/** Waits before the same append is sent again; the last one is used from then on. */
const RESEND_DELAYS_MS = [10, 50, 200, 500] as const;

/**
 * One append of one caller, until its outcome is known or its time is over.
 *
 * The server takes an append for a retry when ids and expected revision are those of one that it holds, whatever the
 * bytes are, and does not say so. So an answer is only taken as it is when the append was sent once and stands behind
 * everything that was there when it was sent. Otherwise what stands at its place is read back and compared.
 */
export class Append {
  readonly #link: AppendLink;
  readonly #stream: string;
  readonly #expected: ExpectedRevision;
  readonly #count: bigint;
  readonly #packed: Uint8Array;
  readonly #endsMs: number;
  readonly #timeoutMs: number;
  #sentBefore = false;
  #sends = 0;
  #tailBefore = -1n;

  /** Copies the bytes. */
  constructor(
    link: AppendLink,
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    timeoutMs: number,
  ) {
    this.#link = link;
    this.#stream = stream;
    this.#expected = expected;
    this.#count = BigInt(events.length);
    this.#packed = packAppend(stream, expected, events);
    this.#timeoutMs = timeoutMs;
    this.#endsMs = performance.now() + timeoutMs;
  }

  /**
   * @param sentBefore an earlier call sent these ids and never learned what became of them
   * @throws LedgerError as the port says
   */
  async run(sentBefore: boolean): Promise<AppendResult> {
    this.#sentBefore = sentBefore;
    this.#tailBefore = this.#link.tail;
    for (;;) {
      await this.#untilSendable();
      this.#sends += 1;
      // A crash from here on leaves the events, all or none; the same append sent again tells which.
      const answer = await this.#link.append(this.#packed, this.#remainingMs());
      if (answer.kind === 'accepted') return this.#accepted(answer);
      if (answer.kind === 'failed') {
        const { failure } = answer;
        if (failure.kind === 'conflict') return this.#lost(failure.actual);
        if (failure.kind !== 'outage' && failure.kind !== 'busy') throw this.#refused(failure);
      }
      // Sent again with the same ids under the same expected revision: it cannot be there twice.
    }
  }

  /** The first sending is refused at once while the store is out; later ones wait for it. */
  async #untilSendable(): Promise<void> {
    if (this.#sends === 0) {
      if (this.#link.outage !== undefined) throw outOfReach(this.#link.outage.message);
      return;
    }
    const delayMs = RESEND_DELAYS_MS[Math.min(this.#sends, RESEND_DELAYS_MS.length) - 1] ?? 0;
    await new Promise((resolve) => setTimeout(resolve, Math.min(delayMs, this.#remainingMs())));
    if (this.#remainingMs() <= 0 || !(await this.#link.untilUsable(this.#remainingMs()))) throw this.#unknown();
  }

  async #accepted({ lastRevision, position }: AcceptedAppend): Promise<AppendResult> {
    const firstRevision = revisionAfter(this.#expected);
    const expectedLast = firstRevision + this.#count - 1n;
    const surelyNew = position !== undefined && position > this.#tailBefore && this.#sends === 1 && !this.#sentBefore;
    if (surelyNew && lastRevision === expectedLast) {
      return { firstRevision, lastRevision, position, alreadyAppended: false };
    }
    const there = await this.#standing();
    const result = this.#compare(there);
    if (result !== undefined) return result;
    // A stream that was deleted or cut short takes appends at another place, or none at all, and says that all is well.
    throw new IntegrityError(
      'REVISION_MISMATCH',
      'the store took the events, but they are not where they were signed',
      {
        stream: this.#stream,
        signed: { first: firstRevision.toString(), last: expectedLast.toString() },
        returned: { last: lastRevision.toString() },
      },
    );
  }

  async #lost(actual: bigint | undefined): Promise<AppendResult> {
    if (actual !== undefined && actual >= revisionAfter(this.#expected)) {
      const result = this.#compare(await this.#standing());
      if (result !== undefined) return result;
    }
    throw revisionConflict(this.#stream, this.#expected, actual);
  }

  /** Our result when exactly our events stand there, `undefined` when none of them does. @throws IntegrityError */
  #compare(there: readonly RecordedEvent[]): AppendResult | undefined {
    const ours = eventsOf(this.#packed);
    const firstRevision = revisionAfter(this.#expected);
    const last = there.at(-1);
    const same =
      there.length === ours.length &&
      ours.every((event, i) => {
        const other = there[i];
        return other?.revision === firstRevision + BigInt(i) && sameEvent(event, other);
      });
    if (same && last !== undefined) {
      const alreadyAppended = this.#sentBefore || last.position <= this.#tailBefore;
      return { firstRevision, lastRevision: last.revision, position: last.position, alreadyAppended };
    }
    const ids = new Set(there.map((event) => event.eventId));
    const known = ours.find((event) => ids.has(event.eventId));
    if (known !== undefined) throw eventIdReused(this.#stream, known.eventId);
    return undefined;
  }

  /** What stands where our events should; tried until the time of the append is over. */
  async #standing(): Promise<readonly RecordedEvent[]> {
    for (;;) {
      if (!(await this.#link.untilUsable(this.#remainingMs()))) throw this.#unknown();
      const from = revisionAfter(this.#expected);
      const end = from + this.#count;
      const answer = await this.#link.readStream(this.#stream, from, Number(this.#count), this.#remainingMs());
      // A stream that was cut short begins later than it was asked for.
      if (answer.kind === 'events') return answer.events.filter((event) => event.revision < end);
      if (answer.kind === 'failed' && answer.failure.kind === 'deleted') throw this.#refused(answer.failure);
      if (this.#remainingMs() <= 0) throw this.#unknown();
      await new Promise((resolve) => setTimeout(resolve, RESEND_DELAYS_MS[0]));
    }
  }

  #refused(failure: Exclude<Failure, { kind: 'conflict' | 'outage' | 'busy' }>): Error {
    switch (failure.kind) {
      case 'deleted':
        return streamDeleted(this.#stream);
      case 'denied':
        // What was sent before may have been taken all the same.
        return this.#sends > 1 ? this.#unknown() : accessLost(failure.message);
      case 'too_large':
        return new RejectedError(
          'EVENT_TOO_LARGE',
          `the event store refuses an append of this size: ${failure.message}`,
        );
    }
  }

  #remainingMs(): number {
    return this.#endsMs - performance.now();
  }

  #unknown(): UnavailableError {
    return new UnavailableError('STORE_OUTCOME_UNKNOWN', `no certain answer within ${this.#timeoutMs} ms`, {
      mayHaveHappened: true,
      timeoutMs: this.#timeoutMs,
    });
  }
}

export function outOfReach(message: string): UnavailableError {
  return new UnavailableError('STORE_UNAVAILABLE', `the event store cannot be used: ${message}`);
}

/** In use, and not at the start, rights can come back: so callers are told to try again. */
export function accessLost(message: string): UnavailableError {
  return new UnavailableError('STORE_UNAVAILABLE', `the event store refuses access: ${message}`);
}

export function streamDeleted(stream: string): IntegrityError {
  return new IntegrityError('STREAM_DELETED', 'the stream was deleted for good', { stream });
}
