import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { parse } from 'yaml';

import type { ServedLedger } from '../served-ledger.js';
import { CallMetrics } from './call-metrics.js';
import { INSTANCE_COUNTERS, METRICS } from './metric-table.js';

const guides = resolve(__dirname, '../../../../docs/guides');
const guide = readFileSync(resolve(guides, 'monitoring.md'), 'utf8');
const alerts = parse(readFileSync(resolve(guides, 'alerts.yaml'), 'utf8')) as {
  groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
};

const names = Object.keys(METRICS);
const counters = Object.fromEntries(Object.keys(INSTANCE_COUNTERS).map((name, index) => [name, index]));
const ledger = {
  metrics: {
    appendsInFlight: () => 3,
    counters: () => counters,
    indexBehind: async () => 7,
    storeUnprotected: () => false,
  },
  lineageStatus: async () => ({
    role: 'publisher',
    sizeLeaves: 11n,
    checkpointSizeLeaves: 9n,
    cosignedBy: 2,
    behind: 4,
    fault: { code: 'MARK_MISSING', message: 'the mark is gone' },
  }),
} as unknown as ServedLedger;

describe('metrics', () => {
  it('that exist are those of the table, and have the values that they are given', async () => {
    const metrics = new CallMetrics({ version: 'v', digest: 'd' });
    metrics.watch(ledger, () => 5);
    metrics.observe('Evaluate', 'grpc', 'OK', 12);
    metrics.observeItem('INV-013');
    const text = await metrics.registry.metrics();
    metrics.close();
    const exposed = metrics.registry.getMetricsAsArray().map(({ name }) => name);
    expect(exposed.sort()).toEqual([...names].sort());
    expect(text).toContain('writ_calls_in_flight 5');
    expect(text).toContain('writ_appends_in_flight 3');
    expect(text).toContain('writ_index_behind_events 7');
    const lineage = [...text.matchAll(/^writ_lineage_(\w+) (\d+)$/gm)].map(([, name, value]) => [name, Number(value)]);
    expect(Object.fromEntries(lineage)).toEqual({
      leaves: 11,
      checkpoint_leaves: 9,
      behind_events: 4,
      cosignatures: 2,
      publisher: 1,
      fault: 1,
    });
    expect(text).toContain(`writ_sweeps_total ${counters['sweeps']}`);
    expect(text).toContain('writ_items_total{code="INV-013"} 1');
    expect(text).toContain('writ_call_duration_seconds_count{method="Evaluate",protocol="grpc"} 1');
  });

  it('are told without the one that cannot be read', async () => {
    const metrics = new CallMetrics({ version: 'v', digest: 'd' });
    const indexBehind = (): Promise<number> => Promise.reject(new Error('the index is not running'));
    metrics.watch({ ...ledger, metrics: { ...ledger.metrics, indexBehind } }, () => 5);
    const text = await metrics.registry.metrics();
    metrics.close();
    expect(text).toMatch(/writ_index_behind_events nan/i);
    expect(text).toContain('writ_calls_in_flight 5');
  });

  it.each(names)('%s is documented and watched', (name) => {
    expect(guide).toContain(`| \`${name}\` |`);
    const rules = alerts.groups.flatMap((group) => group.rules);
    expect(rules.filter(({ expr }) => new RegExp(`\\b${name}(_bucket)?\\b`).test(expr))).not.toEqual([]);
  });

  it('that are documented or watched exist', () => {
    const documented = [...guide.matchAll(/^\| `(writ_\w+)` \|/gm)].map((match) => match[1]);
    expect(documented.sort()).toEqual([...names].sort());
    const watched = alerts.groups.flatMap((group) => group.rules).flatMap(({ expr }) => expr.match(/writ_\w+/g) ?? []);
    expect(watched.map((name) => name.replace(/_bucket$/, '')).filter((name) => !names.includes(name))).toEqual([]);
  });
});
