/** Names under which Nest hands out what `start-server.ts` has made. */
export const LEDGER = 'ServedLedger';
export const GATE = 'CallGate';
export const METRICS_REGISTRY = 'CallMetrics';
export const LIMITS = 'ServerLimits';
export const HEALTH = 'HealthWatch';

/** Bounds that the edges keep. */
export interface ServerLimits {
  readonly maxRequestBytes: number;
  /** Items of a batch, and requests under way on a stream. */
  readonly maxBatch: number;
  /** Health and reflection answer without a token. */
  readonly publicHealth: boolean;
  /** `/checkpoint` and hash tiles answer without a token. */
  readonly publicTiles: boolean;
  /** So do entry bundles. */
  readonly publicEntries: boolean;
}
