import type { EventId } from '@writ/encoding';
import type { IntegrityError } from '@writ/errors';
import type { EventStore, StoreSource } from '@writ/event-store';
import type { TrustedKey } from '@writ/evidence';
import type { Attestor, NoteSigner } from '@writ/signing';

import type { AnchorAlarm } from '../anchor/publisher.js';
import type { WitnessSet } from '../anchor/witness-set.js';

/** What a node needs to keep the tree of its ledger. */
export interface LineageOptions {
  readonly origin: string;
  /** The store itself, not one that asks `requireWritable` first. */
  readonly store: EventStore;
  /** Attestation keys that are trusted from outside the store. */
  readonly pinned: readonly TrustedKey[];
  readonly attestor: Attestor;
  /** The checkpoint key; its name is the origin. */
  readonly signer: NoteSigner & { readonly vkey: string };
  readonly clock: { nowMs(): number };
  readonly randomness: { bytes(lengthBytes: number): Uint8Array; eventId(): EventId };
  readonly anchorIntervalMs: number;
  readonly anchorEntries: number;
  readonly witnesses?: WitnessSet;
  /** Absent for a ledger that lives in this process alone: everything is in memory, and on this thread. */
  readonly onDisk?: LineageOnDisk;
  /** Told of an event that no key attests and that gets no index; every time that it is come across. */
  readonly onForeignEvent?: (stream: string, revision: bigint, error: IntegrityError) => void;
  readonly onAlarm?: (alarm: AnchorAlarm) => void;
}

export interface LineageOnDisk {
  /** Tiles, checkpoints and index; may be deleted while nothing runs. */
  readonly lineageDir: string;
  /** Mark and lock; must not be lost, and not be set back. */
  readonly markDir: string;
  /** What this node has seen of the store. */
  readonly seenFile: string;
  /** How a thread of the sequencer's own reads the store; absent: it runs on this thread, over the store given. */
  readonly source?: StoreSource;
}
