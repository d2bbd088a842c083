import { toBase64 } from '@writ/encoding';
import type { ErrorCode } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import type { EntriesSequenced, LedgerRecovered, SequencedRef } from '@writ/ledger';
import type { ReadEvent } from './event-reader.js';
import type { KeyRing } from './key-ring.js';
import type { Finding, Findings } from './report.js';
import type { Contiguity } from './stream-places.js';
import type { TreeAudit } from './tree-audit.js';
import { WaitingEvents, type WaitingEvent } from './waiting-events.js';

/** An event that later ones were given indices before; what is wrong with it is told at the end, or when its index comes. */
export interface PassedOver {
  readonly eventId: string;
  readonly stream: string;
  readonly revision: string;
  readonly contiguity: Contiguity;
  readonly fault: { readonly code: ErrorCode; readonly message: string } | null;
}

/** What goes into the tree at one index. */
export interface SequencedLeaf {
  /** Base64. */
  readonly leafHash: string;
  /** Who it is; `undefined` where the event that named it is gone. */
  readonly ref: SequencedRef | undefined;
}

/** A ref whose event has not come yet, though its stream has it. */
interface Early {
  readonly ref: SequencedRef;
  readonly index: number;
}

export interface SequenceState {
  readonly early: readonly Early[];
  readonly notedLost: { readonly from: number; readonly to: number } | null;
  readonly lostByRecovery: number;
  readonly passedOver: readonly PassedOver[];
}

export interface SequenceOptions {
  readonly store: Pick<EventStore, 'readStream'>;
  readonly tree: TreeAudit;
  readonly keys: KeyRing;
  readonly findings: Findings;
  /** Called for each leaf, in order, before the tree has it. */
  readonly onLeaf: (leaf: SequencedLeaf) => void;
  readonly from?: SequenceState;
}

/**
 * Holds the order of the store against the order of the indices. Events wait, in the order of the store, until an
 * `EntriesSequenced` names them; each must be the first that waits. The tree is built from what those events say, and
 * each leaf hash is compared with that of the event itself, so that the tree of the one is the tree of the other.
 */
export class SequenceAudit {
  readonly #options: SequenceOptions;
  readonly #waiting = new WaitingEvents();
  readonly #passedOver: Map<string, PassedOver>;
  readonly #early: Map<string, Early>;
  #notedLost: { from: number; to: number } | null;
  #lostByRecovery: number;

  constructor(options: SequenceOptions) {
    this.#options = options;
    this.#passedOver = new Map(options.from?.passedOver.map((event) => [event.eventId, event]));
    this.#early = new Map(options.from?.early.map((early) => [early.ref.eventId, early]));
    this.#notedLost = options.from?.notedLost ?? null;
    this.#lostByRecovery = options.from?.lostByRecovery ?? 0;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get lostByRecovery(): number {
    return this.#lostByRecovery;
  }

  /** Position of the first event that waits: whoever goes on later begins before it. */
  get firstWaiting(): bigint | undefined {
    return this.#waiting.first()?.position;
  }

  state(): SequenceState {
    const passedOver = [...this.#passedOver.values()];
    const early = [...this.#early.values()];
    return { early, notedLost: this.#notedLost, lostByRecovery: this.#lostByRecovery, passedOver };
  }

  /** An event that is not of the lineage stream. */
  wait(stored: RecordedEvent, read: ReadEvent): void {
    const { eventId, stream, revision, position } = stored;
    const { contiguity } = read;
    if (this.#waiting.has(eventId) || (this.#passedOver.size > 0 && this.#passedOver.has(eventId))) {
      this.#find('duplicated', 'EVENT_ID_REUSED', 'the store holds the event twice', stored);
      return;
    }
    const event: WaitingEvent = {
      eventId,
      stream,
      revision,
      position,
      contiguity,
      attested: read.kind === 'attested' ? read : undefined,
      fault: read.kind === 'foreign' ? { code: read.code, message: read.message } : undefined,
    };
    const early = this.#early.size === 0 ? undefined : this.#early.get(eventId);
    if (early === undefined) this.#waiting.add(event);
    else this.#tellLate(early, event);
  }

  /** An operator has said that the store lacks what stands at these indices. */
  recovered({ keptSize, knownSize }: LedgerRecovered): void {
    this.#notedLost = { from: Number(keptSize), to: Number(knownSize) };
  }

  /** Gives the named events their indices. The store is asked only about those that are not there. */
  async sequence(batch: EntriesSequenced): Promise<void> {
    const { tree } = this.#options;
    const first = Number(batch.firstIndex);
    if (first > tree.sizeLeaves) this.#fillGap(first);
    if (first !== tree.sizeLeaves || Number(batch.treeSize) !== first + batch.refs.length) {
      this.#lineage(`it says that it begins at ${batch.firstIndex}, and the tree has ${tree.sizeLeaves} leaves`);
      return;
    }
    for (const [at, ref] of batch.refs.entries()) {
      const event = this.#take(batch.refs, at);
      if (event === undefined) await this.#tellAbsent(ref);
      else this.#compare(ref, event, tree.sizeLeaves);
      this.#append({ leafHash: ref.leafHash, ref });
    }
    if (toBase64(tree.root()) !== batch.root) this.#lineage('the root that it names is not that of its leaves');
  }

  /** Nothing comes any more: what still waits is new, or never belonged here. @returns how many are merely new */
  end(): number {
    for (const event of this.#passedOver.values()) this.#tellPassedOver(event);
    for (const { ref, index } of this.#early.values()) {
      const message = 'its stream has it, the order of the store does not';
      this.#find('hidden', 'LINEAGE_INVALID', message, placeOf(ref, index));
    }
    let fresh = 0;
    for (const { eventId, stream, revision, contiguity, fault } of this.#waiting) {
      const place = { eventId, stream, revision };
      if (contiguity === 'gap') this.#find('missing', 'LINEAGE_INVALID', 'an event before it is missing', place);
      if (contiguity === 'again')
        this.#find('duplicated', 'EVENT_ID_REUSED', 'its place in the stream is taken', place);
      else if (fault !== undefined) this.#find('foreign', fault.code, fault.message, place);
      else fresh += 1;
    }
    return fresh;
  }

  /** The event of a ref, taken out of those that wait; those in front of it that no later ref names are passed over. */
  #take(refs: readonly SequencedRef[], at: number): WaitingEvent | undefined {
    const ref = refs[at];
    if (ref === undefined) return undefined;
    const first = this.#waiting.takeIfFirst(ref.eventId);
    if (first !== undefined) return first;
    const event = this.#waiting.get(ref.eventId);
    if (event === undefined) return undefined;
    this.#passOverBefore(event, ref, refs.slice(at + 1));
    this.#waiting.delete(event);
    return event;
  }

  #passOverBefore(event: WaitingEvent, ref: SequencedRef, laterRefs: readonly SequencedRef[]): void {
    const later = new Set<string>(laterRefs.map(({ eventId }) => eventId));
    for (const front of this.#waiting) {
      if (front === event) return;
      if (later.has(front.eventId)) {
        const message = 'it stands behind one that has a later index';
        this.#find('reordered', 'LINEAGE_INVALID', message, placeOf(ref, this.#options.tree.sizeLeaves));
        return;
      }
      this.#passOver(front);
    }
  }

  #passOver(event: WaitingEvent): void {
    this.#waiting.delete(event);
    const { eventId, stream, revision, contiguity, fault } = event;
    const place = { eventId, stream, revision: revision.toString() };
    this.#passedOver.set(eventId, { ...place, contiguity, fault: fault ?? null });
  }

  #tellPassedOver({ contiguity, fault, ...place }: PassedOver): void {
    if (fault !== null) this.#find('foreign', fault.code, fault.message, place);
    else if (contiguity === 'again') {
      this.#find('duplicated', 'EVENT_ID_REUSED', 'its place in the stream is taken', place);
    } else this.#find('unsequenced', 'LINEAGE_INVALID', 'events after it have indices, and it has none', place);
  }

  /** Whether the event is still the one that got the index. */
  #compare(ref: SequencedRef, { attested, fault, stream, revision }: WaitingEvent, index: number): void {
    const place = placeOf(ref, index);
    if (attested === undefined) {
      this.#find('changed', fault?.code ?? 'FOREIGN_EVENT', fault?.message ?? '', place);
      return;
    }
    if (attested.leafHash !== ref.leafHash) {
      this.#find('changed', 'LINEAGE_INVALID', 'it is attested, and is not the event that got this index', place);
      return;
    }
    if (stream !== ref.stream || revision.toString() !== ref.revision) {
      this.#find('lineage', 'LINEAGE_INVALID', 'the lineage names another place for it', place);
    }
    if (this.#options.keys.isCutOff(attested.keyId, index)) {
      this.#find('revoked', 'KEY_UNKNOWN', 'a key attests it that was cut off before it', place);
    }
  }

  /** An event that comes behind the one that gave it its index. */
  #tellLate({ ref, index }: Early, event: WaitingEvent): void {
    this.#early.delete(ref.eventId);
    const message = 'it stands behind the event that gave it its index';
    this.#find('reordered', 'LINEAGE_INVALID', message, placeOf(ref, index));
    this.#compare(ref, event, index);
  }

  async #tellAbsent(ref: SequencedRef): Promise<void> {
    const index = this.#options.tree.sizeLeaves;
    const place = placeOf(ref, index);
    const passed = this.#passedOver.get(ref.eventId);
    if (passed !== undefined) {
      this.#passedOver.delete(ref.eventId);
      this.#find('reordered', 'LINEAGE_INVALID', 'it stands before events that have earlier indices', place);
      if (passed.fault !== null) this.#find('changed', passed.fault.code, passed.fault.message, place);
      return;
    }
    if (this.#notedLost !== null && index >= this.#notedLost.from && index < this.#notedLost.to) {
      this.#lostByRecovery += 1;
      return;
    }
    const fromRevision = BigInt(ref.revision);
    const [there] = await this.#options.store.readStream(ref.stream, { fromRevision, maxCount: 1 });
    if (there?.eventId === ref.eventId && there.revision === fromRevision) {
      this.#early.set(ref.eventId, { ref, index });
    } else {
      this.#find('missing', 'LINEAGE_INVALID', 'it has an index, and the store does not have it', place);
    }
  }

  /** An `EntriesSequenced` is gone: what it must have named are the events that wait, in their order. */
  #fillGap(end: number): void {
    const { tree } = this.#options;
    this.#lineage(`what gave the indices from ${tree.sizeLeaves} to ${end - 1} is missing`);
    for (const event of this.#waiting) {
      if (tree.sizeLeaves === end) break;
      if (event.attested === undefined) continue;
      this.#waiting.delete(event);
      this.#append({ leafHash: event.attested.leafHash, ref: undefined });
    }
  }

  #append(leaf: SequencedLeaf): void {
    this.#options.onLeaf(leaf);
    this.#options.tree.append(leaf.leafHash);
  }

  #lineage(message: string): void {
    const index = String(this.#options.tree.sizeLeaves);
    this.#options.findings.add({ kind: 'lineage', code: 'LINEAGE_INVALID', message, index });
  }

  #find(
    kind: Finding['kind'],
    code: ErrorCode,
    message: string,
    place: { eventId: string; stream: string; revision: string | bigint; index?: string },
  ): void {
    const { eventId, stream, revision, index } = place;
    this.#options.findings.add({
      ...{ kind, code, message, eventId, stream, revision: revision.toString() },
      ...(index === undefined ? {} : { index }),
    });
  }
}

function placeOf({ eventId, stream, revision }: SequencedRef, index: number) {
  return { eventId, stream, revision, index: String(index) };
}
