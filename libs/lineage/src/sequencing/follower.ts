import { IntegrityError, LedgerError, UnavailableError } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import type { TrustedKey } from '@writ/evidence';
import {
  isLineageEvent,
  keysStream,
  lineageStream,
  MAX_SEQUENCED_REFS,
  NO_LINEAGE,
  type LineageEvent,
} from '@writ/ledger';

import { findEntries } from './entries-of-batch.js';
import type { Fault, FollowerHost } from './follower-host.js';
import { batchOf, entriesIn, sequencedEvent, type UnsequencedEntry } from './sequenced-batch.js';
import type { TreeWriter } from './tree-writer.js';
import { isForeign, TrustedEntries } from './trusted-entries.js';

/** What comes next in the store: the entries, and how far was read. */
interface Unsequenced {
  readonly entries: readonly UnsequencedEntry[];
  readonly through: bigint | undefined;
  /** The store held no more. */
  readonly isLast: boolean;
}

export interface FollowerPorts {
  readonly store: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly origin: string;
  /** Trusted from outside the store. */
  readonly pinned: readonly TrustedKey[];
  /** Opens the files; called again after a failure. */
  readonly openWriter: () => TreeWriter;
  /** 16 random bytes. */
  readonly nonce: () => Uint8Array;
  readonly host: FollowerHost;
}

/** Events that one batch can take, and that are read at a time. */
const BATCH = MAX_SEQUENCED_REFS;
const PAGE = 512;
/** Events of the lineage stream at a time; one can have half a megabyte. */
const LINEAGE_PAGE = 8;
/** How soon an event after a quiet time gets its index. */
const IDLE_MS = 40;
/** Under load a batch comes this often at most: few large batches cost the write path least. */
const BUSY_MS = 200;
const RETRY_MS = 500;
/** An integrity fault does not go away by itself; but a store that was put right should be noticed. */
const FAULT_RETRY_MS = 3_000;
/** Between two times that tiles are made durable: what a checkpoint may name is at most so old. */
const SAVE_MS = 800;

/**
 * Follows the store: applies what the lineage stream says to the files, and as publisher gives every further event its
 * index. Runs where it holds up nobody; all that it needs of the others goes through its host.
 *
 * A failure at any point drops what is in memory, and the next round goes on from what was last saved: so every kind of
 * start, take-over and repair is the same few lines.
 */
export class Follower {
  readonly #ports: FollowerPorts;
  readonly #stop = new AbortController();
  #trusted: TrustedEntries;
  #openedWriter: TreeWriter | undefined;
  #publisher = false;
  #rebuild = false;
  #opened = false;
  #caughtUp = false;
  #fault: Fault | undefined;
  #damage: IntegrityError | undefined;
  #behind = 0;
  /** Everything up to this position has an index or was passed by; `null`: look where the state says. */
  #passed: bigint | null = null;
  #mayResume = false;
  /** What is read may have an index already: the place to read on from was not where it should be. */
  #mayRepeat = true;
  #durable: { sizeLeaves: bigint; root: Uint8Array } | undefined;
  #savedAt = 0;
  #wake: (() => void) | undefined;
  #nudged = false;
  readonly #afterRound: (() => void)[] = [];

  constructor(ports: FollowerPorts) {
    this.#ports = ports;
    this.#trusted = new TrustedEntries(ports.store, ports.origin, ports.pinned);
  }

  /** Whether this node gives indices; others only follow. */
  setPublisher(publisher: boolean): void {
    this.#publisher = publisher;
    // Whoever publishes from now on must begin with all that others have published.
    this.#caughtUp = false;
    this.nudge();
  }

  /** The files are not what they should be: makes all of them again, from the first event on. */
  rebuild(): void {
    this.#rebuild = true;
    this.#opened = false;
    this.nudge();
  }

  /** Somebody waits: the next round begins now. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  /** Settles once a round that began after this call has handled all that it found, or failed. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#afterRound.push(resolve);
      this.nudge();
    });
  }

  /** Runs until `stop`; never throws. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const waiting = this.#afterRound.splice(0);
      const pauseMs = await this.#round(waiting.length > 0);
      this.#report();
      for (const resolve of waiting) resolve();
      if (!this.#stop.signal.aborted) await this.#pause(pauseMs);
    }
    for (const resolve of this.#afterRound.splice(0)) resolve();
    this.#openedWriter?.close();
  }

  /** Ends `run` after the round under way. */
  stop(): void {
    this.#stop.abort();
    this.#wake?.();
  }

  /** Everything there is, handled as far as it goes; then how long to wait. */
  async #round(flushing: boolean): Promise<number> {
    try {
      if (!this.#opened) await this.#open();
      await this.#catchUp();
      const found = this.#publisher ? await this.#sequenceAll() : await this.#countBehind();
      if (this.#isUnsaved()) this.#saveAfter(flushing ? 0 : found === 0 ? SAVE_MS / 4 : SAVE_MS);
      this.#fault = undefined;
      return this.#publisher && found > 0 ? BUSY_MS : this.#publisher ? IDLE_MS : RETRY_MS;
    } catch (error) {
      // What is in memory may be half of something: the next round goes on from what was saved.
      this.#opened = false;
      this.#fault = faultOf(error);
      return error instanceof LedgerError && error.kind === 'Unavailable' ? RETRY_MS : FAULT_RETRY_MS;
    }
  }

  get #writer(): TreeWriter {
    if (this.#openedWriter === undefined) throw new Error('the files are not open');
    return this.#openedWriter;
  }

  async #open(): Promise<void> {
    this.#caughtUp = false;
    this.#passed = null;
    this.#mayResume = false;
    this.#damage = undefined;
    await this.#trusted.followKeys();
    this.#openedWriter?.close();
    this.#openedWriter = undefined;
    this.#openedWriter = this.#ports.openWriter();
    await this.#requireSameStore();
    if (this.#rebuild) this.#writer.rewind();
    else if (!(await this.#writer.restore())) this.#writer.reset();
    this.#rebuild = false;
    const { sizeLeaves, root } = this.#writer.state;
    this.#durable = { sizeLeaves, root };
    this.#opened = true;
  }

  /**
   * What the files were made from must be in this store. If it is not, the store was set back, and the files are the
   * last witnesses of what is missing: they stay as they are until an operator has recovered the ledger.
   */
  async #requireSameStore(): Promise<void> {
    const saved = this.#writer.saved();
    if (saved === undefined || saved.state.lastRevision < 0n || saved.headEventId === undefined) return;
    const stream = lineageStream(this.#ports.origin);
    const { lastRevision } = saved.state;
    const [head] = await this.#ports.store.readStream(stream, { fromRevision: lastRevision, maxCount: 1 });
    if (head?.eventId === saved.headEventId) return;
    if (await this.#wasRecovered(stream)) {
      this.#writer.reset();
      return;
    }
    throw new IntegrityError('LEDGER_ROLLED_BACK', 'the store lacks what the tree was made from', {
      revision: String(lastRevision),
      sizeLeaves: String(saved.state.sizeLeaves),
    });
  }

  async #wasRecovered(stream: string): Promise<boolean> {
    for (let from = 0n; ; from += BigInt(LINEAGE_PAGE)) {
      const page = await this.#ports.store.readStream(stream, { fromRevision: from, maxCount: LINEAGE_PAGE });
      for (const stored of page) {
        if (stored.type !== 'LedgerRecovered') continue;
        try {
          await this.#trusted.lineageEventOf(stored, 0n);
          return true;
        } catch (error) {
          if (!isForeign(error)) throw error;
        }
      }
      if (page.length < LINEAGE_PAGE) return false;
    }
  }

  /** Applies the events of the lineage stream that are not applied yet, up to `lastRevision` or the end. */
  async #catchUp(upTo?: bigint): Promise<void> {
    const { store, origin } = this.#ports;
    const stream = lineageStream(origin);
    while (upTo === undefined || this.#writer.state.lastRevision < upTo) {
      const fromRevision = this.#writer.state.lastRevision + 1n;
      const rest = upTo === undefined ? LINEAGE_PAGE : Number(upTo - fromRevision) + 1;
      const maxCount = Math.min(LINEAGE_PAGE, rest);
      const page = await store.readStream(stream, { fromRevision, maxCount });
      for (const stored of page) await this.#applyStored(stored);
      if (page.length > 0) {
        this.#saveAfter(SAVE_MS);
        this.#report();
      }
      if (page.length < maxCount) break;
    }
    if (this.#caughtUp) return;
    // What another node has signed may be newer than what was saved here.
    this.save();
    this.#caughtUp = true;
  }

  async #applyStored(stored: RecordedEvent): Promise<void> {
    const { store } = this.#ports;
    let event: LineageEvent;
    try {
      const opened = await this.#trusted.lineageEventOf(stored, this.#writer.state.sizeLeaves);
      if (!isLineageEvent(opened))
        throw new IntegrityError('FOREIGN_EVENT', 'the event does not belong to the lineage');
      event = opened;
    } catch (error) {
      if (!isForeign(error)) throw error;
      this.#ports.host.foreign({ stream: stored.stream, revision: stored.revision, error });
      this.#writer.passForeign(stored.revision);
      return;
    }
    if (event.type !== 'EntriesSequenced') return this.#writer.apply(event, []);
    // Somebody else gave indices beyond the place that was read to here.
    this.#mayResume = false;
    const survived = (index: bigint) => this.#writer.writtenEntry(index);
    const found = await findEntries(store, event.data, this.#writer.state.through, survived);
    // After a recovery events are known to be missing, and the lineage says so.
    if (this.#writer.state.recoveries.length === 0) this.#damage ??= found.damage;
    await this.#writer.apply(event, found.entries);
  }

  /** Gives an index to every event that has none. How many got one. */
  async #sequenceAll(): Promise<number> {
    let count = 0;
    for (;;) {
      if (this.#damage !== undefined) throw this.#damage;
      const page = await this.#nextUnsequenced();
      const sequenced = await this.#sequence(page.entries);
      if (sequenced === 'lost_race') {
        await this.#catchUp();
        this.#mayResume = false;
        continue;
      }
      count += sequenced;
      this.#passed = page.through ?? this.#passed;
      this.#behind = 0;
      if (page.isLast || this.#stop.signal.aborted || !this.#publisher) return count;
    }
  }

  /** As many as one batch can take, read in small pages: of each event only its entry is kept. */
  async #nextUnsequenced(): Promise<Unsequenced> {
    const entries: UnsequencedEntry[] = [];
    let through: bigint | undefined;
    for (let pages = 0; pages < BATCH / PAGE; pages++) {
      const page = await this.#readOn(PAGE, through);
      if (page.some(({ stream }) => stream === keysStream(this.#ports.origin))) await this.#trusted.followKeys();
      await this.#addUnsequenced(entries, page);
      through = page.at(-1)?.position ?? through;
      if (page.length < PAGE) return { entries, through, isLast: true };
    }
    return { entries, through, isLast: false };
  }

  async #sequence(entries: readonly UnsequencedEntry[]): Promise<number | 'lost_race'> {
    const { origin, host, nonce } = this.#ports;
    let waiting = entries;
    while (waiting.length > 0) {
      this.#behind = waiting.length;
      const batch = batchOf(origin, this.#writer.tree.frontier(), waiting, nonce());
      const basedOn = { revision: this.#writer.state.lastRevision, recordedAtMs: this.#writer.state.lastRecordedAtMs };
      const outcome = await host.append({ basedOn, data: batch.data });
      if (outcome.kind === 'lost_race') return 'lost_race';
      // A checkpoint may have come in between; it is short.
      await this.#catchUp(outcome.revision - 1n);
      await this.#writer.apply(sequencedEvent(origin, batch, outcome), entriesIn(batch), batch.tree);
      waiting = waiting.slice(batch.entries.length);
      this.#saveAfter(SAVE_MS);
      this.#report();
    }
    return entries.length;
  }

  async #addUnsequenced(entries: UnsequencedEntry[], page: readonly RecordedEvent[]): Promise<void> {
    const { host, origin } = this.#ports;
    const own = lineageStream(origin);
    const ids = new Set<string>(entries.map(({ eventId }) => eventId));
    for (const stored of page) {
      // The lineage is not in its own tree; and whatever is delivered again keeps the index that it has.
      if (stored.stream === own || ids.has(stored.eventId)) continue;
      const mayRepeat = this.#mayRepeat || stored.position <= (this.#writer.state.through ?? -1n);
      if (mayRepeat && this.#writer.has(stored.eventId)) continue;
      try {
        entries.push(await this.#trusted.entryOf(stored, this.#writer.state.sizeLeaves + BigInt(entries.length)));
        ids.add(stored.eventId);
      } catch (error) {
        if (!isForeign(error)) throw error;
        host.foreign({ stream: stored.stream, revision: stored.revision, error });
      }
    }
  }

  async #readOn(maxCount: number, from?: bigint): Promise<readonly RecordedEvent[]> {
    const { state } = this.#writer;
    if (!this.#mayResume) {
      // A position is a hint. Where another event stands there, everything is looked at, and what has an index passed by.
      this.#mayRepeat = !(await this.#standsAt(state.through));
      this.#passed = this.#mayRepeat ? null : state.through;
      this.#mayResume = true;
    }
    const after = from ?? this.#passed ?? undefined;
    return this.#ports.store.readAll(after === undefined ? { maxCount } : { after, maxCount });
  }

  async #standsAt(through: bigint | null): Promise<boolean> {
    const { store } = this.#ports;
    // 0 names no event: a recovery that began before the first index writes it.
    if (through === null || through === 0n) return false;
    const [stored] = await store.readAll({ after: through - 1n, maxCount: 1 });
    return stored?.position === through && this.#writer.indexOf(stored.eventId) === this.#writer.state.sizeLeaves - 1n;
  }

  async #countBehind(): Promise<number> {
    const { store, origin } = this.#ports;
    const { through } = this.#writer.state;
    const page = await store.readAll(through === null ? { maxCount: PAGE } : { after: through, maxCount: PAGE });
    this.#behind = page.filter(({ stream }) => stream !== lineageStream(origin)).length;
    this.#mayResume = false;
    return 0;
  }

  #isUnsaved(): boolean {
    return this.#durable?.sizeLeaves !== this.#writer.state.sizeLeaves;
  }

  #saveAfter(ms: number): void {
    const now = performance.now();
    if (now - this.#savedAt < ms) return;
    this.save();
    this.#savedAt = now;
  }

  /** Makes what was applied durable; a start goes on from here. */
  save(): void {
    if (!this.#opened) return;
    this.#writer.save();
    this.#durable = { sizeLeaves: this.#writer.state.sizeLeaves, root: this.#writer.state.root };
  }

  #report(): void {
    const { host } = this.#ports;
    const state = this.#openedWriter?.state ?? NO_LINEAGE;
    const headEventId = this.#openedWriter?.headEventId;
    const durable = this.#durable ?? { sizeLeaves: 0n, root: NO_LINEAGE.root };
    const [caughtUp, publisher, behind, fault] = [this.#caughtUp, this.#publisher, this.#behind, this.#fault];
    host.report({ state, headEventId, caughtUp, publisher, durable, behind, fault });
  }

  async #pause(ms: number): Promise<void> {
    if (this.#nudged) {
      this.#nudged = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
    this.#nudged = false;
  }
}

function faultOf(error: unknown): Fault {
  const known =
    error instanceof LedgerError
      ? error
      : new UnavailableError('STORE_UNAVAILABLE', `the lineage failed: ${String(error)}`);
  return { code: known.code, message: known.message };
}
