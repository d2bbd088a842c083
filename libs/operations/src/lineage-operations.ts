import type { EventId } from '@writ/encoding';
import type { PublishedCheckpoint, StandingName } from '@writ/lineage';
import type { Hash, TileName } from '@writ/merkle';
import type { CallContext, ExecutionName } from './operations.js';

/** What can be proven of the ledger. Nothing here writes; every answer is as of the size of one checkpoint. */
export interface LineageOperations {
  /** `context` is `null` for whoever comes, where a setting opens it; so for `getTile`. */
  getCheckpoint(context: CallContext | null, request: CheckpointRequest): Promise<PublishedCheckpoint>;
  /** That one event is in the tree of a checkpoint. */
  proveInclusion(context: CallContext, request: InclusionRequest): Promise<InclusionView>;
  /** The same as one text, in the format of C2SP tlog-proof. */
  getTlogProof(context: CallContext, request: InclusionRequest): Promise<string>;
  /** That the tree of a checkpoint begins with all leaves of an older tree. */
  proveConsistency(context: CallContext, request: ConsistencyRequest): Promise<ConsistencyView>;
  /** Everything that proves one execution, as one file (docs/spec/bundle.md). */
  getEvidence(context: CallContext, request: EvidenceRequest): Promise<Uint8Array>;
  /** How far the events of an execution have come, once they are as far as wanted or the time is over. */
  awaitStanding(context: CallContext, request: AwaitStandingRequest, signal?: AbortSignal): Promise<StandingAnswer>;
  /** A tile of hashes or of entries that a published tree has; `undefined` where none has it. */
  getTile(context: CallContext | null, name: TileName): Promise<Uint8Array | undefined>;
}

export interface CheckpointRequest {
  /** Of a published checkpoint; the latest where none is named. */
  readonly sizeLeaves?: bigint;
}

/** Which event: by its place in the tree, by its id, or by its place in an execution. */
export type EntryTarget =
  | { readonly kind: 'index'; readonly index: bigint }
  | { readonly kind: 'event'; readonly eventId: EventId }
  /** The last event of the execution that the checkpoint covers, unless a revision is named. */
  | ({ readonly kind: 'execution'; readonly revision?: bigint } & ExecutionName);

export interface InclusionRequest {
  readonly target: EntryTarget;
  readonly checkpointSizeLeaves?: bigint;
}

export interface InclusionView {
  readonly index: bigint;
  readonly eventId: EventId;
  /** Canonical JSON text; the leaf is SHA-256(0x00 ‖ entry). */
  readonly entry: string;
  readonly leafHash: Hash;
  /** Sibling of the leaf first. */
  readonly path: readonly Hash[];
  readonly checkpoint: PublishedCheckpoint;
}

export interface ConsistencyRequest {
  /** From 1 to the size of the newer tree; of any tree of this ledger, published or not. */
  readonly oldSizeLeaves: bigint;
  /** Of a published checkpoint; the latest where none is named. */
  readonly newSizeLeaves?: bigint;
}

export interface ConsistencyView {
  readonly oldSizeLeaves: bigint;
  readonly path: readonly Hash[];
  readonly checkpoint: PublishedCheckpoint;
}

export interface EvidenceRequest extends ExecutionName {
  readonly checkpointSizeLeaves?: bigint;
  /** Names of openings to leave out: `subject`, `parameters`, `result`, `signal:<name>`; `'all'`: every one. */
  readonly withhold?: readonly string[] | 'all';
}

export interface AwaitStandingRequest extends ExecutionName {
  readonly wanted: Exclude<StandingName, 'recorded'>;
  /** 0 to 60,000; also ends with the deadline of the call. */
  readonly timeoutMs: number;
}

export interface StandingAnswer extends ExecutionName {
  /** `true`: every event of the execution is at least as far as wanted. */
  readonly reached: boolean;
  /** In the order of the stream. */
  readonly events: readonly StandingView[];
}

export interface StandingView extends StandingFields {
  readonly revision: bigint;
  readonly eventId: EventId;
  readonly type: string;
}

/** How firmly an event stands, as receipts tell it. */
export interface StandingFields {
  readonly standing: StandingName;
  /** Its leaf, from `sequenced` on. */
  readonly index?: bigint;
  /** Of the latest checkpoint, which covers it; for `anchored`. */
  readonly checkpointSizeLeaves?: bigint;
  /** Witnesses that cosigned that checkpoint; for `anchored`. */
  readonly cosignedBy?: number;
}
