/** What can befall one append. After each, `stored` tells whether its events are in the log. */
export type AppendFault =
  /** Stored; the answer never comes. */
  | 'lose_answer'
  /** Not stored; no answer ever comes. */
  | 'never_answer'
  /** Not stored; the server ends its side of the call without an error. */
  | 'half_close'
  /** Stored; then the server ends its side of the call without an answer. */
  | 'half_close_after'
  /** Not stored; the call fails with code 14. */
  | 'unavailable'
  /** Stored; the call fails with code 14 all the same. */
  | 'unavailable_after'
  /** Not stored; the call fails and names the leader (K12). */
  | 'not_leader'
  /** Stored and answered, but late. */
  | 'slow'
  /** Stored; then the connection is reset. */
  | 'reset'
  /** Not stored; the connection is reset. */
  | 'reset_before'
  /** Not stored; the server's own two seconds are over. */
  | 'server_timeout'
  /** Stored; the server says all the same that its two seconds are over. */
  | 'server_timeout_after'
  /** Not stored; "Server Is Not Ready" inside an answer (K12). */
  | 'not_ready'
  /** Stored; the answer names another revision (K4). */
  | 'wrong_revision'
  /** Stored, other events after it, then answered as a repetition is: the original revision and position (K1). */
  | 'idempotent_ack'
  /** Not stored; the user may not. */
  | 'access_denied';

/** What can befall one read or one subscription. */
export type ReadFault =
  | 'unavailable'
  | 'never_answer'
  | 'not_leader'
  | 'slow'
  | 'access_denied'
  | 'reset'
  /** The connection is reset after the first event has gone out. */
  | 'reset_mid_stream'
  /** The server drops a subscription whose consumer is too slow, after its first event. */
  | 'dropped';

/** What can befall the question for the methods of the server (C4). */
export type FeaturesFault = 'internal' | 'unavailable' | 'never_answer';

/** One queue of faults, each for one call, and one fault for every call while none is queued. */
class FaultLine<Fault> {
  readonly #next: (Fault | undefined)[] = [];
  #every: Fault | undefined;

  next(...faults: readonly (Fault | undefined)[]): void {
    this.#next.push(...faults);
  }

  every(fault: Fault | undefined): void {
    this.#every = fault;
  }

  take(): Fault | undefined {
    return this.#next.length > 0 ? this.#next.shift() : this.#every;
  }

  clear(): void {
    this.#next.length = 0;
    this.#every = undefined;
  }
}

/** The faults of one double. */
export class Faults {
  /** How late `slow` is. */
  slowMs = 300;
  readonly #appends = new FaultLine<AppendFault>();
  readonly #reads = new FaultLine<ReadFault>();
  readonly #subscriptions = new FaultLine<ReadFault>();
  readonly #features = new FaultLine<FeaturesFault>();
  #strikes = (_stream: string): boolean => true;

  /** Each fault for one append, in the order in which they arrive; `undefined` lets one pass. */
  nextAppend(...faults: readonly (AppendFault | undefined)[]): void {
    this.#appends.next(...faults);
  }

  /** For every append until it is called again without one. */
  everyAppend(fault?: AppendFault): void {
    this.#appends.every(fault);
  }

  nextRead(...faults: readonly ReadFault[]): void {
    this.#reads.next(...faults);
  }

  everyRead(fault?: ReadFault): void {
    this.#reads.every(fault);
  }

  nextSubscription(...faults: readonly ReadFault[]): void {
    this.#subscriptions.next(...faults);
  }

  nextFeatures(...faults: readonly FeaturesFault[]): void {
    this.#features.next(...faults);
  }

  /** Faults strike only appends to, and reads of, streams that fit; without it, every one but system streams' appends. */
  onlyStreams(fits: (stream: string) => boolean): void {
    this.#strikes = fits;
  }

  /** No faults any more, neither queued nor standing. */
  clear(): void {
    for (const line of [this.#appends, this.#reads, this.#subscriptions, this.#features]) line.clear();
    this.#strikes = () => true;
    this.slowMs = 300;
  }

  takeForAppend(stream: string): AppendFault | undefined {
    return stream.startsWith('$') || !this.#strikes(stream) ? undefined : this.#appends.take();
  }

  takeForRead(stream: string, isSubscription: boolean): ReadFault | undefined {
    if (!this.#strikes(stream)) return undefined;
    return isSubscription ? this.#subscriptions.take() : this.#reads.take();
  }

  takeForFeatures(): FeaturesFault | undefined {
    return this.#features.take();
  }
}
