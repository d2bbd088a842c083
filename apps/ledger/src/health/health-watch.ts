import { HealthImplementation } from 'grpc-health-check';

import type { CallMetrics } from '../metrics/call-metrics.js';
import type { ServedLedger } from '../served-ledger.js';

type Readiness = Awaited<ReturnType<ServedLedger['readiness']>>;

/** Names under which grpc.health.v1 is asked; the empty one is the whole server. */
const SERVICES = ['', 'writ.v1.ExecutionService', 'writ.v1.PolicyService'];
const INTERVAL_MS = 400;

/**
 * Looks twice a second whether this node takes writes, and tells all who ask: grpc.health.v1, `/health/ready` and
 * `writ_ready`. A look that does not return counts as not ready, so that a hanging store shows within a second.
 */
export class HealthWatch {
  readonly grpc = new HealthImplementation(Object.fromEntries(SERVICES.map((name) => [name, 'NOT_SERVING'])));
  private latest: Readiness = { ready: false, checks: [] };
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly ledger: ServedLedger,
    private readonly metrics: CallMetrics,
  ) {}

  get readiness(): Readiness {
    return this.latest;
  }

  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), INTERVAL_MS);
  }

  /** Not ready from now on, whatever the store says. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.tell({ ready: false, checks: [{ name: 'shutdown', ok: false, code: 'SHUTTING_DOWN' }] });
  }

  private async look(): Promise<void> {
    const readiness = await Promise.race([this.ledger.readiness(), timeout()]);
    if (!this.stopped) this.tell(readiness);
  }

  private tell(readiness: Readiness): void {
    this.latest = readiness;
    this.metrics.ready = readiness.ready;
    for (const name of SERVICES) this.grpc.setStatus(name, readiness.ready ? 'SERVING' : 'NOT_SERVING');
  }
}

function timeout(): Promise<Readiness> {
  const late: Readiness = { ready: false, checks: [{ name: 'store', ok: false, code: 'STORE_UNAVAILABLE' }] };
  return new Promise((resolve) => setTimeout(() => resolve(late), INTERVAL_MS).unref());
}
