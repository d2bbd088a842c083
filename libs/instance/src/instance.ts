import type { KeyId } from '@writ/encoding';
import type { Runtime } from '@writ/ledger';
import type { LineageStatus } from '@writ/lineage';
import type { Alarm, Operations, Principal } from '@writ/operations';
import type { Settings } from './settings.js';

/** A configured ledger, opened. The server and the CLI differ only in what they put in front of it. */
export interface Instance {
  readonly settings: Settings;
  readonly origin: string;
  /** The key that this node signs with; it changes when the key is rotated. */
  readonly keyId: KeyId;
  /** Compressed secp256k1 point, 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly runtime: Runtime;
  readonly operations: Operations;
  /** Asks everything that must work before a call can be served; bounded in time, never throws. */
  readiness(): Promise<Readiness>;
  /**
   * Who holds `token`. Without a tokens file everybody is `anonymous@loopback` with all rights.
   * @throws RejectedError `UNAUTHENTICATED`
   */
  authenticate(token: string | undefined): Principal;
  /** Where the tree stands, and why nothing is signed or written, if that is so; a look at memory, never throws. */
  lineageStatus(): Promise<LineageStatus>;
  readonly metrics: InstanceMetrics;
  /** Begins to write down expired leases and approvals, every `sweepIntervalMs`. Idempotent. */
  startSweeper(): void;
  /** Settles what is under way, sequences and anchors it, then lets go of signer and store; whatever was acknowledged stays. Idempotent. */
  close(): Promise<void>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}
export interface ReadinessCheck {
  readonly name: 'store' | 'protection' | 'clock' | 'index' | 'lineage' | 'key' | 'shutdown';
  readonly ok: boolean;
  /** Error code of the failure. */
  readonly code?: string;
  /** For people. */
  readonly detail?: string;
}

/** Read by the server when its metrics are collected; counters only grow. */
export interface InstanceMetrics {
  /** Appends under way in this process. */
  appendsInFlight(): number;
  counters(): Readonly<Record<InstanceCounter, number>>;
  /** `true` where the configuration accepts a server that does not protect our streams. */
  storeUnprotected(): boolean;
  /** Events that the index of executions has not seen yet, as of its last report. */
  indexBehind(): Promise<number>;
}
export type InstanceCounter =
  | 'appends'
  | 'append_failures'
  | 'lost_races'
  | 'attested_leaves'
  | 'grants_signed'
  | 'refusals_recorded'
  | 'refusals_dropped'
  | 'foreign_events'
  | 'sweeps'
  | 'sweep_failures';

export interface OpenInstanceOptions {
  /** Creates what is missing: state folder, key file, store, and its first event. Without it a missing one is an error. */
  readonly create?: boolean;
  /** For one command: the threads that follow the store start when something asks for what they know. */
  readonly brief?: boolean;
  /** Told of everything that somebody should look at: foreign events, failed sweeps, lost refusals. */
  readonly onAlarm?: (alarm: Alarm) => void;
}
