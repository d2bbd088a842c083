/**
 * Governs credit applications on an embedded ledger: one decision each, signed and kept. Run again over the same file it
 * gets every original receipt back, and not one event is added.
 *
 *   npm run example:credit -- <german.data> [--out <folder>] [--json]
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { jsonForm, processWorld, progressOn, styleOf, table, trustFileText } from '../../apps/cli/dist/index.js';
import { formatInstant } from '../../libs/encoding/dist/index.js';
import { openInstance, parseSettings, trustOf, verifyStore } from '../../libs/instance/dist/index.js';
import { readApplications } from './applications.mjs';

const TENANT = 'bank';
const ORIGIN = 'credit.example/writ';
/** Decisions under way at once: they share micro-batches and syncs of the disk. */
const AT_ONCE = 64;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const [dataFile] = positionals;
if (dataFile === undefined) {
  console.error('usage: npm run example:credit -- <german.data> [--out <folder>] [--json]');
  process.exit(2);
}
const here = fileURLToPath(new URL('.', import.meta.url));
const out = values.out ?? join(here, '.out');
const world = processWorld();
process.exitCode = await main();

async function main() {
  let applications;
  try {
    applications = readApplications(readFileSync(dataFile, 'utf8'));
  } catch (error) {
    console.error(`${dataFile}: ${error.message}`);
    return 2;
  }
  // 1. A ledger in a folder: key, store and state are made where they are missing.
  mkdirSync(out, { recursive: true });
  const storeFile = join(out, 'ledger.db');
  const settings = parseSettings({
    WRIT_STORE_URL: `sqlite:${storeFile}`,
    WRIT_KEY_FILE: join(out, 'attestation-key.json'),
    WRIT_STATE_DIR: join(out, 'state'),
    WRIT_LINEAGE_DIR: join(out, 'lineage'),
    WRIT_MARK_DIR: join(out, 'mark'),
    WRIT_CHECKPOINT_KEY_FILE: join(out, 'checkpoint-key.json'),
    WRIT_ORIGIN: ORIGIN,
  });
  const instance = await openInstance(settings, { create: true });
  const trust = await trustOf(settings);
  try {
    const context = { principal: instance.authenticate(undefined) };
    // 2. The policy: published once, in force.
    await putInForce(instance.operations, context);
    const before = factsIn(await verifyStore(settings.store, trust));
    // 3. One decision per application.
    const startedAtMs = Date.now();
    const receipts = await decideAll(instance.operations, context, applications);
    const seconds = (Date.now() - startedAtMs) / 1_000;
    // 4. What is in the store now, each event's signature checked.
    const after = await verifyStore(settings.store, trust);
    writeResults(trust, receipts);
    return tell({ applications, receipts, seconds, before, after });
  } finally {
    await instance.close();
  }
}

async function putInForce(operations, context) {
  const text = readFileSync(join(here, 'policy.yaml'), 'utf8');
  const { policy } = await operations.publishPolicy(context, { tenant: TENANT, text, format: 'yaml' });
  if (policy.state === 'in_force') return;
  const { policyId, version } = policy;
  await operations.activatePolicy(context, { tenant: TENANT, policyId, version, reason: 'first version' });
}

async function decideAll(operations, context, applications) {
  const progress = progressOn(world.stderr, 'deciding', applications.length, world.nowMs);
  const receipts = new Array(applications.length);
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < applications.length) {
      const at = next++;
      receipts[at] = await decide(operations, context, applications[at]);
      progress.to(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  progress.end();
  return receipts;
}

/** `holder: null`: decide only. Paying out would be another step, under a grant. */
async function decide(operations, context, { id, signals, parameters }) {
  const { receipt } = await operations.evaluate(context, {
    tenant: TENANT,
    executionId: id,
    holder: null,
    intent: {
      action: 'credit.grant',
      subject: `applicant-of-${id}`,
      policyId: 'consumer-credit',
      parameters,
      signals: Object.fromEntries(Object.entries(signals).map(([name, value]) => [name, { value }])),
    },
  });
  return receipt;
}

/** Receipts as JSON Lines, and the trust file to check them with; whole or not at all. */
function writeResults(trust, receipts) {
  const lines = receipts.map((receipt) => `${JSON.stringify(jsonForm(receipt))}\n`);
  writeFileSync(join(out, 'receipts.jsonl.new'), lines.join(''));
  renameSync(join(out, 'receipts.jsonl.new'), join(out, 'receipts.jsonl'));
  writeFileSync(join(out, 'trust.txt'), trustFileText(trust));
}

function tell({ applications, receipts, seconds, before, after }) {
  const replays = receipts.filter(({ replayed }) => replayed).length;
  const newEvents = factsIn(after) - before;
  const newDecisions = receipts.length - replays;
  // A decision is one event, a replay none: if this does not add up, nothing here can be believed.
  const consistent = newEvents === newDecisions && after.signed === after.events;
  const rows = outcomeRows(applications, receipts);
  if (values.json) {
    const facts = { applications: applications.length, newDecisions, replays, newEvents, events: factsIn(after) };
    console.log(
      JSON.stringify({ ...facts, consistent, outcomes: rows, decidedAt: formatInstant(Date.now()) }, null, 2),
    );
    return consistent ? 0 : 1;
  }
  const style = styleOf(world, world.stdout);
  const cells = rows.map((row) => [row.outcome, row.rule, row.count, row.repaid, row.notRepaid].map(String));
  console.log(table(style, ['decision', 'rule', 'applications', 'repaid', 'not repaid'], cells));
  console.log(style.dim('The last two columns became known years later. They were no signal.'));
  const rate =
    newDecisions === 0 ? '' : ` (${Math.round(newDecisions / seconds)} decisions/s, each durable and signed)`;
  console.log(`\n${newDecisions} new decisions${rate}, ${replays} replays, ${newEvents} new events`);
  console.log(
    consistent
      ? style.good(
          replays === receipts.length ? 'every receipt is the original one; the store did not change' : 'all signed',
        )
      : style.bad('the store does not hold what was answered'),
  );
  const shown = (name) => relative(process.cwd(), join(out, name)) || name;
  console.log(`\nnpx writ verify ${shown('receipts.jsonl')} --trust ${shown('trust.txt')}`);
  return consistent ? 0 : 1;
}

/** Events that are leaves of the tree; what the lineage writes about them comes when it comes. */
function factsIn({ events, types }) {
  return events - (types.EntriesSequenced ?? 0) - (types.CheckpointPublished ?? 0);
}

function outcomeRows(applications, receipts) {
  const rows = new Map();
  receipts.forEach(({ decision }, at) => {
    const key = `${decision.outcome} ${decision.rule}`;
    const row = rows.get(key) ?? { outcome: decision.outcome, rule: decision.rule, count: 0, repaid: 0, notRepaid: 0 };
    row.count += 1;
    if (applications[at].later === 'repaid') row.repaid += 1;
    else row.notRepaid += 1;
    rows.set(key, row);
  });
  return [...rows.values()].sort((a, b) =>
    a.outcome === b.outcome ? b.count - a.count : a.outcome < b.outcome ? -1 : 1,
  );
}
