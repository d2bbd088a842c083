import type { InstanceCounter } from '@writ/instance';

/**
 * Every metric that Writ exposes. `docs/guides/monitoring.md` documents each, `docs/guides/alerts.yaml` watches each;
 * a test holds the three together.
 */
export const METRICS = {
  writ_calls_total: 'Calls that ended, by method, protocol and code (`OK`, a code of docs/spec/errors.md, `INTERNAL`).',
  writ_call_duration_seconds: 'How long calls took, by method and protocol.',
  writ_calls_in_flight: 'Units of work under way (a batch counts its items).',
  writ_items_total: 'Items of EvaluateBatch and EvaluateStream that were answered, by code.',
  writ_ready: '1 while this node takes writes, 0 while it does not.',
  writ_store_unprotected: '1 while the store does not protect what is appended, which the configuration accepts.',
  writ_appends_in_flight: 'Appends that wait for the store.',
  writ_appends_total: 'Appends that the store acknowledged.',
  writ_append_failures_total: 'Appends that failed, or whose outcome stayed unknown.',
  writ_lost_races_total: 'Optimistic races that were lost and decided anew.',
  writ_attested_leaves_total: 'Entries that were attested.',
  writ_grants_signed_total: 'Grants that were signed.',
  writ_refusals_recorded_total: 'Refused replays that were written down.',
  writ_refusals_dropped_total: 'Refused replays that could not be written down.',
  writ_foreign_events_total: 'Events found in the store that no trusted key attests.',
  writ_sweeps_total: 'Rounds of the sweeper.',
  writ_sweep_failures_total: 'Rounds of the sweeper that failed.',
  writ_index_behind_events: 'Events that the index of executions has not seen yet.',
  writ_lineage_leaves: 'Leaves of the lineage tree: events that have an index.',
  writ_lineage_checkpoint_leaves: 'Leaves that the latest checkpoint covers.',
  writ_lineage_behind_events: 'Events of the store that have no index yet.',
  writ_lineage_cosignatures: 'Witnesses that cosigned the latest checkpoint.',
  writ_lineage_publisher: '1 while this node sequences and signs, 0 while it stands by.',
  writ_lineage_fault: '1 while this node cannot sequence, sign or write, 0 while it can.',
  writ_event_loop_delay_seconds: '99th percentile of the event loop delay since the last scrape.',
  writ_resident_memory_bytes: 'Resident memory of the process.',
  writ_build_info: '1, with the version and the digest of the running build.',
} as const;

export type MetricName = keyof typeof METRICS;

/** The metric behind each counter of an instance. */
export const INSTANCE_COUNTERS = {
  appends: 'writ_appends_total',
  append_failures: 'writ_append_failures_total',
  lost_races: 'writ_lost_races_total',
  attested_leaves: 'writ_attested_leaves_total',
  grants_signed: 'writ_grants_signed_total',
  refusals_recorded: 'writ_refusals_recorded_total',
  refusals_dropped: 'writ_refusals_dropped_total',
  foreign_events: 'writ_foreign_events_total',
  sweeps: 'writ_sweeps_total',
  sweep_failures: 'writ_sweep_failures_total',
} as const satisfies Record<InstanceCounter, MetricName>;
