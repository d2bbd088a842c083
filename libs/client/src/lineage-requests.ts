import type { ExecutionName } from './requests.js';

/** Which event: by its place in the tree, by its id, or by its place in an execution of the client's tenant. */
export type EntryTarget =
  | { readonly kind: 'index'; readonly index: bigint }
  | { readonly kind: 'event'; readonly eventId: string }
  /** The last event that the checkpoint covers, unless a revision is named. */
  | ({ readonly kind: 'execution'; readonly revision?: bigint } & ExecutionName);

export interface InclusionRequest {
  readonly target: EntryTarget;
  /** Of a published checkpoint; the latest when absent. */
  readonly checkpointSizeLeaves?: bigint;
}

export interface ConsistencyRequest {
  /** From 1 to the size of the newer tree. */
  readonly oldSizeLeaves: bigint;
  /** Of a published checkpoint; the latest when absent. */
  readonly newSizeLeaves?: bigint;
}

export interface EvidenceRequest extends ExecutionName {
  readonly checkpointSizeLeaves?: bigint;
  /** Openings to leave out: `subject`, `parameters`, `result`, `signal:<name>`; `'all'`: every one. */
  readonly withhold?: readonly string[] | 'all';
}

export interface AwaitStandingRequest extends ExecutionName {
  readonly wanted: 'sequenced' | 'anchored';
  /** In all; 0 looks once. */
  readonly timeoutMs: number;
}
