import type { KeyId } from '@writ/encoding';
import type { ErrorCode } from '@writ/errors';
import type { Contiguity } from './stream-places.js';

/** An event that was read and that no `EntriesSequenced` has named yet. */
export interface WaitingEvent {
  readonly eventId: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly contiguity: Contiguity;
  /** `undefined`: no key of ours attests it. `leafHash`: base64. */
  readonly attested: { readonly leafHash: string; readonly keyId: KeyId } | undefined;
  readonly fault: { readonly code: ErrorCode; readonly message: string } | undefined;
}

/** Places at the beginning of the row that are empty before they are given up. */
const MOST_EMPTY = 4_096;

/**
 * The events that wait, in the order of the store. Nearly always the first one goes next: a map alone would look for it
 * behind all that have gone.
 */
export class WaitingEvents implements Iterable<WaitingEvent> {
  readonly #byId = new Map<string, WaitingEvent>();
  #row: WaitingEvent[] = [];
  /** None before this place is still there. */
  #begin = 0;

  get size(): number {
    return this.#byId.size;
  }

  has(eventId: string): boolean {
    return this.#byId.has(eventId);
  }

  get(eventId: string): WaitingEvent | undefined {
    return this.#byId.get(eventId);
  }

  /** Behind all others; its id must be new. */
  add(event: WaitingEvent): void {
    this.#byId.set(event.eventId, event);
    this.#row.push(event);
  }

  delete(event: WaitingEvent): void {
    this.#byId.delete(event.eventId);
  }

  first(): WaitingEvent | undefined {
    while (this.#begin < this.#row.length) {
      const event = this.#row[this.#begin];
      if (event !== undefined && this.#isThere(event)) break;
      this.#begin += 1;
    }
    if (this.#begin >= MOST_EMPTY) this.#giveUpEmpty();
    return this.#row[this.#begin];
  }

  /** Takes out the first one where it is the one that is asked for. */
  takeIfFirst(eventId: string): WaitingEvent | undefined {
    const event = this.first();
    if (event?.eventId !== eventId) return undefined;
    this.#byId.delete(eventId);
    this.#begin += 1;
    return event;
  }

  /** Those that go meanwhile are passed by. */
  *[Symbol.iterator](): Iterator<WaitingEvent> {
    this.#giveUpEmpty();
    for (const event of this.#row) if (this.#isThere(event)) yield event;
  }

  #isThere(event: WaitingEvent): boolean {
    return this.#byId.get(event.eventId) === event;
  }

  #giveUpEmpty(): void {
    this.#row = this.#row.slice(this.#begin);
    this.#begin = 0;
  }
}
