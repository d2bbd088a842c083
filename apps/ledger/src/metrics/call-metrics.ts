import { monitorEventLoopDelay } from 'node:perf_hooks';

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { InstanceCounter } from '@writ/instance';

import type { ServedLedger } from '../served-ledger.js';
import { INSTANCE_COUNTERS, METRICS, type MetricName } from './metric-table.js';

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

type LineageStatus = Awaited<ReturnType<ServedLedger['lineageStatus']>>;

const LINEAGE_GAUGES = {
  writ_lineage_leaves: ({ sizeLeaves }) => Number(sizeLeaves),
  writ_lineage_checkpoint_leaves: ({ checkpointSizeLeaves }) => Number(checkpointSizeLeaves),
  writ_lineage_behind_events: ({ behind }) => behind,
  writ_lineage_cosignatures: ({ cosignedBy }) => cosignedBy,
  writ_lineage_publisher: ({ role }) => (role === 'publisher' ? 1 : 0),
  writ_lineage_fault: ({ fault }) => (fault === undefined ? 0 : 1),
} as const satisfies Partial<Record<MetricName, (status: LineageStatus) => number>>;

/** The registry behind `/metrics`. */
export class CallMetrics {
  readonly registry = new Registry();
  /** Set by the health watch. */
  ready = false;
  private readonly calls = this.counter('writ_calls_total', ['method', 'protocol', 'code']);
  private readonly items = this.counter('writ_items_total', ['code']);
  private readonly durations = new Histogram({
    name: 'writ_call_duration_seconds',
    help: METRICS.writ_call_duration_seconds,
    labelNames: ['method', 'protocol'],
    buckets: BUCKETS,
    registers: [this.registry],
  });
  private readonly delays = monitorEventLoopDelay({ resolution: 10 });

  constructor(build: { readonly version: string; readonly digest: string }) {
    const info = new Gauge({
      name: 'writ_build_info',
      help: METRICS.writ_build_info,
      labelNames: ['version', 'digest'],
      registers: [this.registry],
    });
    info.set(build, 1);
    this.gauge('writ_ready', () => (this.ready ? 1 : 0));
    this.gauge('writ_resident_memory_bytes', () => process.memoryUsage.rss());
    this.gauge('writ_event_loop_delay_seconds', () => {
      const seconds = this.delays.percentile(99) / 1e9;
      this.delays.reset();
      return Number.isFinite(seconds) ? seconds : 0;
    });
    this.delays.enable();
  }

  observe(method: string, protocol: string, code: string, durationMs: number): void {
    this.calls.inc({ method, protocol, code });
    this.durations.observe({ method, protocol }, durationMs / 1_000);
  }

  observeItem(code: string): void {
    this.items.inc({ code });
  }

  /** Ties what the instance and the gate count to the registry. */
  watch(ledger: ServedLedger, inFlight: () => number): void {
    this.gauge('writ_calls_in_flight', inFlight);
    this.gauge('writ_appends_in_flight', () => ledger.metrics.appendsInFlight());
    this.gauge('writ_store_unprotected', () => (ledger.metrics.storeUnprotected() ? 1 : 0));
    this.gauge('writ_index_behind_events', () => ledger.metrics.indexBehind());
    for (const [name, read] of Object.entries(LINEAGE_GAUGES)) {
      this.gauge(name as keyof typeof LINEAGE_GAUGES, async () => read(await ledger.lineageStatus()));
    }
    for (const [counter, name] of Object.entries(INSTANCE_COUNTERS)) {
      new Counter({
        name,
        help: METRICS[name],
        registers: [this.registry],
        collect() {
          this.reset();
          this.inc(ledger.metrics.counters()[counter as InstanceCounter]);
        },
      });
    }
  }

  close(): void {
    this.delays.disable();
  }

  private counter<L extends string>(name: MetricName, labelNames: L[]): Counter<L> {
    return new Counter({ name, help: METRICS[name], labelNames, registers: [this.registry] });
  }

  private gauge(name: MetricName, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help: METRICS[name],
      registers: [this.registry],
      async collect() {
        // What cannot be read now is not a number; the other metrics are told all the same.
        this.set(
          await Promise.resolve()
            .then(read)
            .catch(() => Number.NaN),
        );
      },
    });
  }
}
