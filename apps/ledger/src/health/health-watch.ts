import { HealthImplementation } from 'grpc-health-check';

import type { CallMetrics } from '../metrics/call-metrics.js';
import type { ServedLedger } from '../served-ledger.js';

type Readiness = Awaited<ReturnType<ServedLedger['readiness']>>;

/** Names under which grpc.health.v1 is asked; the empty one is the whole server. */
const SERVICES = [
  '',
  'writ.v1.ExecutionService',
  'writ.v1.PolicyService',
  'writ.v1.LineageService',
  'writ.v1.KeyService',
];
const INTERVAL_MS = 200;
const PATIENCE_MS = 500;
const LATE: Readiness = { ready: false, checks: [{ name: 'store', ok: false, code: 'STORE_UNAVAILABLE' }] };

/**
 * Looks all the time whether this node takes writes, and tells all who ask: grpc.health.v1, `/health/ready` and
 * `writ_ready`. A look that does not return in time counts as not ready, so that a hanging store shows within a second
 * as a failing one does; a node that is merely busy stays ready.
 */
export class HealthWatch {
  readonly grpc = new HealthImplementation(Object.fromEntries(SERVICES.map((name) => [name, 'NOT_SERVING'])));
  private latest: Readiness = { ready: false, checks: [] };
  private timer: NodeJS.Timeout | undefined;
  private lookStartedMs: number | undefined;
  private stopped = false;

  constructor(
    private readonly ledger: Pick<ServedLedger, 'readiness'>,
    private readonly metrics: Pick<CallMetrics, 'ready'>,
  ) {}

  get readiness(): Readiness {
    return this.latest;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    this.timer = setInterval(() => this.tick(), INTERVAL_MS);
    await this.look();
  }

  /** Not ready from now on, whatever the store says. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.tell({ ready: false, checks: [{ name: 'shutdown', ok: false, code: 'SHUTTING_DOWN' }] });
  }

  private tick(): void {
    const startedMs = this.lookStartedMs;
    if (startedMs === undefined) {
      void this.look();
    } else if (performance.now() - startedMs > PATIENCE_MS) {
      // The event loop itself may have stood still: an answer that is already here comes first.
      setImmediate(() => {
        if (this.lookStartedMs === startedMs && !this.stopped) this.tell(LATE);
      });
    }
  }

  private async look(): Promise<void> {
    this.lookStartedMs = performance.now();
    const readiness = await this.ledger.readiness();
    this.lookStartedMs = undefined;
    if (!this.stopped) this.tell(readiness);
  }

  private tell(readiness: Readiness): void {
    const changed = readiness.ready !== this.latest.ready;
    this.latest = readiness;
    this.metrics.ready = readiness.ready;
    if (!changed) return;
    for (const name of SERVICES) this.grpc.setStatus(name, readiness.ready ? 'SERVING' : 'NOT_SERVING');
  }
}
