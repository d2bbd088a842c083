import type { EventId } from '@writ/encoding';
import type { ErrorCode } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import type { Runtime } from '@writ/ledger';
import type { Lineage } from '@writ/lineage';
import type { Attestor } from '@writ/signing';
import type { ExecutionIndex } from './execution-index.js';
import type { NodeKeys } from './node-keys.js';

/** Everything that the operations stand on. `@writ/instance` brings the real ones, tests their own. */
export interface OperationsPorts {
  readonly origin: string;
  readonly runtime: Runtime;
  readonly store: EventStore;
  readonly attestor: Attestor;
  /** The keys that this node can sign with. */
  readonly nodeKeys: NodeKeys;
  readonly index: ExecutionIndex;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** By how much the clocks of nodes and executors may differ. */
  readonly maxSkewMs: number;
  /** How long an activation made by another node may go unseen. */
  readonly policyMaxStaleMs: number;
  readonly onAlarm: (alarm: Alarm) => void;
}

export interface Clock {
  /**
   * The wall clock in integer milliseconds since 1970.
   * @throws UnavailableError `CLOCK_BEHIND` when it has stepped back behind this node's high-water mark
   */
  nowMs(): number;
}

export interface Randomness {
  /** Bytes that nobody can guess; the caller owns them. */
  bytes(lengthBytes: number): Uint8Array;
  /** A fresh UUIDv7, above all that came before from this source. */
  eventId(): EventId;
}

/** Something that a person should look at; told besides what the caller gets. */
export type Alarm =
  | {
      readonly kind: 'foreign_event';
      readonly stream: string;
      readonly revision: string;
      readonly code: ErrorCode;
      readonly reason: string;
    }
  | { readonly kind: 'refusals_dropped'; readonly tenant: string; readonly count: number }
  | { readonly kind: 'background_failure'; readonly task: string; readonly code: string; readonly message: string };
