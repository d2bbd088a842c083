import type { z } from 'zod';
import {
  address,
  choice,
  httpUrl,
  integer,
  origin,
  path,
  redactStoreUrl,
  storeUrl,
  yesNo,
  type Address,
  type StoreLocation,
  type ValueForm,
} from './setting-values.js';

/** One environment variable: what it means, what it takes, and what holds when it is not set. */
interface Setting<T> extends ValueForm<T> {
  readonly description: string;
  /** Text of the default, read like a value; `undefined`: unset means "not used". */
  readonly default?: string;
  /** What may appear of its value in messages and logs; absent: all of it. */
  readonly shown?: (text: string) => string;
}

const loopbackNote = 'Beyond loopback it needs tokens and TLS.';

/**
 * Every variable that Writ reads, in the order of `docs/guides/configuration.md`, which is generated from here.
 * Command-line flags set the same variables; there is no other configuration.
 */
export const SETTINGS = {
  WRIT_STORE_URL: {
    ...storeUrl(),
    default: 'sqlite:.writ/ledger.db',
    shown: redactStoreUrl,
    description:
      'Where events are kept: a file, or an EventStoreDB (`docs/guides/eventstoredb.md`), whose user and password are part of the URL and never shown. `memory:` forgets everything at exit.',
  },
  WRIT_STORE_ACCEPT_UNPROTECTED: {
    ...yesNo(),
    default: 'no',
    description:
      'Whether an EventStoreDB will do that is reached without TLS, or lets its own user delete or hide events. Health and reports then say `unprotected`.',
  },
  WRIT_ORIGIN: {
    ...origin(),
    default: 'localhost/writ',
    description:
      'The name of this ledger. It is part of every signature and cannot change after the store has been created.',
  },
  WRIT_KEY_FILE: {
    ...path(),
    default: '.writ/attestation-key.json',
    description: 'The key that signs attestations and grants (`docs/guides/keys.md`).',
  },
  WRIT_STATE_DIR: {
    ...path(),
    default: '.writ/state',
    description:
      "This node's own folder, outside the store: clock high-water, the index of executions, and how far this node has seen the store.",
  },
  WRIT_LINEAGE_DIR: {
    ...path(),
    default: '.writ/lineage',
    description:
      'Tiles, entry bundles and checkpoints as they are served. A cache: rebuilt from the store where missing.',
  },
  WRIT_MARK_DIR: {
    ...path(),
    default: '.writ/mark',
    description:
      'The lock of the publisher, and the head of the tree that was about to be signed last. Belongs to the checkpoint key, never into a backup of the store: without it nothing is signed.',
  },
  WRIT_CHECKPOINT_KEY_FILE: {
    ...path(),
    default: '.writ/checkpoint-key.json',
    description: 'The Ed25519 key that signs checkpoints, under the name of the origin (`docs/guides/keys.md`).',
  },
  WRIT_ANCHOR_INTERVAL_MS: {
    ...integer(50, 86_400_000, 'milliseconds'),
    default: '1000',
    description: 'A checkpoint is published this often, if the tree grew.',
  },
  WRIT_ANCHOR_ENTRIES: {
    ...integer(1, 1_000_000, 'entries'),
    default: '4096',
    description: 'A checkpoint is also published when the tree has grown by so many entries.',
  },
  WRIT_WITNESS_FILE: {
    ...path(),
    description:
      'C2SP tlog-policy file: the witnesses that are asked to cosign, with their URLs, and the quorum. Without it checkpoints carry no cosignature.',
  },
  WRIT_WITNESS_ALLOW_PRIVATE: {
    ...yesNo(),
    default: 'no',
    description: 'Whether a witness may be asked over plain HTTP or at a private or loopback address.',
  },
  WRIT_GRPC_ADDRESS: {
    ...address(),
    default: '127.0.0.1:7420',
    description: `Where gRPC listens. ${loopbackNote}`,
  },
  WRIT_HTTP_ADDRESS: {
    ...address(),
    default: '127.0.0.1:7421',
    description: `Where HTTP listens. ${loopbackNote}`,
  },
  WRIT_TLS_CERT_FILE: { ...path(), description: 'PEM certificate chain for both ports; with `WRIT_TLS_KEY_FILE`.' },
  WRIT_TLS_KEY_FILE: { ...path(), description: 'PEM private key for both ports; with `WRIT_TLS_CERT_FILE`.' },
  WRIT_TLS_CLIENT_CA_FILE: {
    ...path(),
    description: 'PEM certificates; when set, clients must present a certificate that one of them signed.',
  },
  WRIT_ALLOW_PLAINTEXT: {
    ...yesNo(),
    default: 'no',
    description: 'Listen beyond loopback without TLS, where something in front of Writ ends it.',
  },
  WRIT_TOKENS_FILE: {
    ...path(),
    description: 'API tokens and their roles, hashed (`writ tokens`). Without it, Writ binds to loopback only.',
  },
  WRIT_MAX_SKEW_MS: {
    ...integer(0, 60_000, 'milliseconds'),
    default: '2000',
    description:
      'By how much the clocks of nodes and executors may differ. A lease is over only this long after its end.',
  },
  WRIT_CLOCK_TOLERANCE_MS: {
    ...integer(0, 60_000, 'milliseconds'),
    default: '2000',
    description: 'How far the wall clock may fall behind its own high-water mark before nothing is decided any more.',
  },
  WRIT_MAX_REQUEST_BYTES: {
    ...integer(1_024, 4_194_304, 'bytes'),
    default: '262144',
    description: 'Largest request on either port.',
  },
  WRIT_MAX_BATCH: {
    ...integer(1, 1_024, 'items'),
    default: '256',
    description: 'Most items of one EvaluateBatch, and most requests under way on one EvaluateStream.',
  },
  WRIT_APPEND_QUEUE: {
    ...integer(1, 65_536, 'appends'),
    default: '4096',
    description: 'Appends that may wait for the store; beyond it calls are answered OVERLOADED.',
  },
  WRIT_MIN_FREE_BYTES: {
    ...integer(0, 1_099_511_627_776, 'bytes'),
    default: '67108864',
    description: 'Free space of the disk of a store in a file below which nothing is appended.',
  },
  WRIT_DRAIN_MS: {
    ...integer(0, 600_000, 'milliseconds'),
    default: '10000',
    description: 'How long a shutdown waits for calls under way.',
  },
  WRIT_SWEEP_INTERVAL_MS: {
    ...integer(0, 3_600_000, 'milliseconds'),
    default: '1000',
    description: 'How often expired leases and approvals are written down; 0 leaves it to whoever needs it first.',
  },
  WRIT_POLICY_MAX_STALE_MS: {
    ...integer(0, 60_000, 'milliseconds'),
    default: '1000',
    description: 'How long an activation made by another node may go unseen; 0 looks before every decision.',
  },
  WRIT_SIGNER: {
    ...choice('fast', 'noble'),
    default: 'fast',
    description: 'Which implementation signs; both make the same bytes.',
  },
  WRIT_LOG_LEVEL: {
    ...choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    description: 'Lowest level that is logged, as JSON lines on standard error.',
  },
  WRIT_OTLP_ENDPOINT: { ...httpUrl(), description: 'Where OpenTelemetry spans go (OTLP over HTTP).' },
  WRIT_PUBLIC_HEALTH: {
    ...yesNo(),
    default: 'yes',
    description: 'Whether `/health/…` and the gRPC health service answer without a token.',
  },
  WRIT_PUBLIC_TILES: {
    ...yesNo(),
    default: 'yes',
    description:
      'Whether `/checkpoint` and `/tile/<level>/…` answer without a token. They hold hashes, sizes and signatures; how fast the ledger grows can be seen.',
  },
  WRIT_PUBLIC_ENTRIES: {
    ...yesNo(),
    default: 'no',
    description:
      'Whether `/tile/entries/…` answers without a token of an auditor or operator. Entries show the type and time of every event, and names of policies.',
  },
} as const satisfies Record<`WRIT_${string}`, Setting<unknown>>;

export type Variable = keyof typeof SETTINGS;

/** Variable → value, defaults filled in. */
export type Values = {
  readonly [V in Variable]: z.output<(typeof SETTINGS)[V]['schema']> | Unset<(typeof SETTINGS)[V]>;
};
type Unset<S> = S extends { readonly default: string } ? never : undefined;

/** What the rest of Writ is configured with. Durations in milliseconds, sizes in bytes. */
export interface Settings {
  readonly store: StoreLocation;
  readonly acceptUnprotected: boolean;
  readonly origin: string;
  readonly keyFile: string;
  readonly stateDir: string;
  readonly lineageDir: string;
  readonly markDir: string;
  readonly checkpointKeyFile: string;
  readonly anchorIntervalMs: number;
  readonly anchorEntries: number;
  readonly witnessFile: string | undefined;
  readonly witnessAllowPrivate: boolean;
  readonly grpc: Address;
  readonly http: Address;
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly clientCaFile?: string } | undefined;
  readonly allowPlaintext: boolean;
  readonly tokensFile: string | undefined;
  readonly maxSkewMs: number;
  readonly clockToleranceMs: number;
  readonly maxRequestBytes: number;
  readonly maxBatch: number;
  readonly appendQueue: number;
  readonly minFreeBytes: number;
  readonly drainMs: number;
  readonly sweepIntervalMs: number;
  readonly policyMaxStaleMs: number;
  readonly signer: 'fast' | 'noble';
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly otlpEndpoint: string | undefined;
  readonly publicHealth: boolean;
  readonly publicTiles: boolean;
  readonly publicEntries: boolean;
}
