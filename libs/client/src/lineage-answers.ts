import type { StandingFields } from './answers.js';

/** A signed tree head (C2SP tlog-checkpoint). Nothing of it is verified here: `@writ/verifier` does that. */
export interface Checkpoint {
  readonly sizeLeaves: bigint;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The signed note with every cosignature that was collected. */
  readonly note: string;
  readonly cosignedBy: number;
}

export interface InclusionProof {
  readonly index: bigint;
  readonly eventId: string;
  /** Canonical JSON text; the leaf is SHA-256(0x00 ‖ entry). */
  readonly entry: string;
  readonly leafHash: Uint8Array;
  /** Sibling of the leaf first; 32 bytes each. */
  readonly path: readonly Uint8Array[];
  readonly checkpoint: Checkpoint;
}

export interface ConsistencyProof {
  readonly oldSizeLeaves: bigint;
  readonly path: readonly Uint8Array[];
  readonly checkpoint: Checkpoint;
}

export interface StandingAnswer {
  readonly tenant: string;
  readonly executionId: string;
  /** Every event of the execution is at least as far as wanted. */
  readonly reached: boolean;
  /** In the order of the execution's events. */
  readonly events: readonly EventStanding[];
}

export interface EventStanding extends StandingFields {
  readonly revision: bigint;
  readonly eventId: string;
  readonly type: string;
}
