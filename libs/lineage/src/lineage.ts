import type { EventId } from '@writ/encoding';
import type { ErrorCode } from '@writ/errors';
import type { Hash } from '@writ/merkle';

/**
 * The tree of one ledger, as a node that follows the store knows it. Sizes count leaves, indices are from 0. Everything
 * that it says is as of a size; nothing here decides whether something may run.
 */
export interface Lineage {
  /** Where this node stands; bounded in time, never throws. */
  status(): Promise<LineageStatus>;
  /** How far each event has come, in the order asked. An event that nobody has sequenced, or that does not exist, is `recorded`. */
  standings(eventIds: readonly EventId[]): Promise<readonly Standing[]>;
  /**
   * As `standings`, once each event is at least `wanted`, or when `timeoutMs` is over or `signal` aborts, whatever holds
   * then: the caller looks at what came back.
   */
  awaitStanding(
    eventIds: readonly EventId[],
    wanted: Exclude<StandingName, 'recorded'>,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly Standing[]>;
  /** The latest checkpoint, or the one of exactly that size. @throws RejectedError `CHECKPOINT_UNKNOWN` */
  checkpoint(sizeLeaves?: bigint): Promise<PublishedCheckpoint>;
  /** Index of an event, by its id. @throws UnavailableError `NOT_SEQUENCED_YET` */
  indexOf(eventId: EventId): Promise<bigint>;
  /** What stands at an index. @throws RejectedError `ENTRY_NOT_FOUND` */
  entryAt(index: bigint): Promise<LocatedEntry>;
  /** Path of a leaf in the tree of `sizeLeaves`, sibling first. @throws RejectedError `ENTRY_NOT_FOUND`; IntegrityError `TILE_INVALID` */
  inclusion(index: bigint, sizeLeaves: bigint): Promise<readonly Hash[]>;
  /** Path from the tree of `oldSizeLeaves` (at least 1) to that of `newSizeLeaves`. @throws as `inclusion` */
  consistency(oldSizeLeaves: bigint, newSizeLeaves: bigint): Promise<readonly Hash[]>;
  /** A hash tile as C2SP tlog-tiles serves it; `undefined` where no tree of ours has it. `width` 1 to 256. */
  tile(level: number, index: bigint, width: number): Promise<Uint8Array | undefined>;
  /** An entry bundle, likewise. */
  entries(index: bigint, width: number): Promise<Uint8Array | undefined>;
  /**
   * That the store still holds everything this node has seen in it. Asked before every write; a look at memory.
   * @throws IntegrityError `LEDGER_ROLLED_BACK`
   */
  requireWritable(): void;
  /**
   * That no event of this stream is known to be lost. Asked before a grant is given: an execution of which events were
   * lost may have run. A look at memory.
   * @throws IntegrityError `EXECUTION_LOST`; UnavailableError `STORE_UNAVAILABLE` while that is being read
   */
  requireIntact(stream: string): void;
  /** Sequences what is there, publishes, lets go of mark and files. Idempotent. */
  close(): Promise<void>;
}

export type StandingName = 'recorded' | 'sequenced' | 'anchored';

export type Standing =
  { readonly kind: 'recorded' } | { readonly kind: 'sequenced'; readonly index: bigint } | AnchoredStanding;

export interface AnchoredStanding {
  readonly kind: 'anchored';
  readonly index: bigint;
  /** The latest published checkpoint, which covers it. */
  readonly sizeLeaves: bigint;
  /** Witnesses that cosigned that checkpoint. */
  readonly cosignedBy: number;
}

export interface PublishedCheckpoint {
  readonly sizeLeaves: bigint;
  readonly root: Hash;
  /** The signed note with every cosignature that was collected (C2SP tlog-checkpoint). */
  readonly note: string;
  readonly cosignedBy: number;
}

export interface LocatedEntry {
  readonly index: bigint;
  readonly eventId: EventId;
  readonly stream: string;
  readonly revision: bigint;
  readonly leafHash: Hash;
}

export interface LineageStatus {
  readonly role: 'publisher' | 'standby' | 'stopped';
  /** Leaves that are sequenced, as this node knows. */
  readonly sizeLeaves: bigint;
  /** Of the latest checkpoint; 0 where there is none. */
  readonly checkpointSizeLeaves: bigint;
  readonly cosignedBy: number;
  /** Events of the store that are not sequenced yet. */
  readonly behind: number;
  /** Why nothing is sequenced, signed or written: an error code, and a sentence for people. */
  readonly fault?: { readonly code: ErrorCode; readonly message: string };
}
