import type { ExecutionId, KeyId, Tenant } from '@writ/encoding';
import type { Attestation, Openings } from '@writ/ledger';
import type { Hash } from '@writ/merkle';

import type { StreamEnd } from './stream-head.js';

/** The format and its version, the first thing that a bundle says. */
export const BUNDLE_FORMAT = 'writ/bundle/v1';

/** What a reader takes at most; hostile files end here. docs/spec/bundle.md lists the same numbers. */
export const BUNDLE_LIMITS = {
  bytes: 64 * 1_048_576,
  /** Nesting: that of an opening's value (32, as accepted with an intent) and what stands around it. */
  depth: 48,
  eventsPerStream: 100_000,
  pathHashes: 63,
} as const;

/** Everything about one execution that a stranger needs, as of one checkpoint (docs/spec/bundle.md). Nothing of it is verified. */
export interface Bundle {
  readonly origin: string;
  readonly tenant: Tenant;
  readonly executionId: ExecutionId;
  /** The signed note, verbatim, with its cosignatures. */
  readonly checkpoint: string;
  readonly streams: {
    /** All events of the execution that the checkpoint covers. */
    readonly execution: BundleStream;
    /** All events of the policy that it covers; of publications that decided nothing only the attested entry. */
    readonly policy: BundleStream;
    /** All key events that it covers. */
    readonly keys: BundleStream;
  };
}

export type BundleStreamRole = keyof Bundle['streams'];

export interface BundleStream {
  /** Its name in clear; entries name a salted stream by `streamRefOf(stream, salt)`. */
  readonly stream: string;
  /** Of the execution's stream, and of no other. */
  readonly salt?: Uint8Array;
  readonly head: StreamHead;
  /** In the order of their revisions, from 0. */
  readonly events: readonly BundleEvent[];
}

/** Signed by an attestation key in its own domain (`streamHeadMessage`). */
export interface StreamHead extends StreamEnd {
  readonly keyId: KeyId;
  /** Base64, 64 bytes, compact, low-S. */
  readonly signature: string;
}

/** One event with all that proves it. Its id, revision and time stand in the attested entry. */
export interface BundleEvent {
  readonly type: string;
  readonly typeVersion: number;
  /** Canonical JSON text, exactly the bytes stored. Missing only where a `PolicyPublished` decided nothing here. */
  readonly data?: string;
  /** Missing ones were withheld or erased; no member where there is none. */
  readonly openings?: Openings;
  readonly attestation: Attestation;
  /** Of its leaf, from 0. */
  readonly index: bigint;
  /** To the root of the checkpoint, sibling of the leaf first. */
  readonly path: readonly Hash[];
}
