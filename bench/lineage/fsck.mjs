/**
 * `writ fsck` over a ledger of real decisions: events a second by one core, the reading of the store included. Decisions
 * are taken by many callers at once, so that attestations come in batches, as they do where there is something to check.
 * Prints JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteEventStore } from '../../libs/event-store-sqlite/dist/index.js';
import { openInstance, parseSettings, trustOf } from '../../libs/instance/dist/index.js';
import { fsck } from '../../libs/lineage/dist/index.js';
import { round } from '../figures.mjs';
import { processorNanoseconds } from './cpu-time.mjs';

const CALLERS = 512;
const POLICY = `
id: bench
version: 1.0.0
action: bench.run
signals:
  amount: { type: int, min: 1, max: 1000, bind: parameters.amount }
rules:
  - { id: small, when: 'signals.amount <= 100', then: admit, reason: small enough }
  - { id: otherwise, when: 'true', then: deny, reason: not small }
admission: { ttl: 7d, maxEvaluations: 5 }
reservation: { ttl: 1h, maxTtl: 1h, effect: once, maxAttempts: 20 }
tests:
  - { name: small, signals: { amount: 10 }, parameters: { amount: 10 }, expect: { outcome: admit, rule: small } }
`;
const { values } = parseArgs({
  options: { path: { type: 'string', default: tmpdir() }, decisions: { type: 'string' }, rounds: { type: 'string' } },
});
const folder = mkdtempSync(join(values.path, 'writ-bench-fsck-'));
const settings = parseSettings({
  WRIT_STORE_URL: `sqlite:${join(folder, 'ledger.db')}`,
  WRIT_STATE_DIR: join(folder, 'state'),
  WRIT_LINEAGE_DIR: join(folder, 'lineage'),
  WRIT_MARK_DIR: join(folder, 'mark'),
  WRIT_KEY_FILE: join(folder, 'attestation-key.json'),
  WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
  WRIT_MIN_FREE_BYTES: '0',
});
await decide(Number(values.decisions));

const trust = await trustOf(settings);
const { lineageDir, markDir, stateDir } = settings;
const seconds = [];
let report;
for (let at = 0; at < Number(values.rounds); at += 1) {
  const store = await openSqliteEventStore({ path: settings.store.path, mode: 'existing', readOnly: true });
  const start = processorNanoseconds();
  report = await fsck({ store, trust, lineageDir, markDir, stateDir });
  seconds.push((processorNanoseconds() - start) / 1e9);
  await store.close();
  if (report.verdict !== 'sound' || report.notYetSequenced > 0)
    throw new Error(`void: ${JSON.stringify({ ...report, findings: report.findings.slice(0, 1) })}`);
}
rmSync(folder, { recursive: true });
const { events, sizeLeaves } = report;
console.log(
  JSON.stringify({ events, leaves: Number(sizeLeaves), eventsPerSecondAndCore: round(events / Math.min(...seconds)) }),
);
process.exit(0);

async function decide(decisions) {
  const instance = await openInstance(settings, { create: true });
  const context = { principal: instance.authenticate(undefined) };
  const tenant = 'bench';
  await instance.operations.publishPolicy(context, { tenant, text: POLICY, format: 'yaml' });
  const named = { tenant, policyId: 'bench', version: '1.0.0', reason: 'first' };
  await instance.operations.activatePolicy(context, named);
  let next = 0;
  const caller = async () => {
    while (next < decisions) {
      const executionId = `run-${next++}`;
      await instance.operations.evaluate(context, {
        ...{ tenant, executionId, holder: new Uint8Array(16).fill(1) },
        intent: {
          ...{ action: 'bench.run', policyId: 'bench', subject: `subject of ${executionId}` },
          ...{ parameters: { amount: 10, to: 'supplier' }, signals: { amount: { value: 10 } } },
        },
      });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await instance.close();
}
