/** Decisions over gRPC against an empty echo, in rounds that take turns. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { median, ratio, round } from '../figures.mjs';
import { openLedger } from '../ledger.mjs';
import { decisionCounter } from '../decision-counter.mjs';
import { perThing, processorTime } from './processor-time.mjs';
import { settled, startEcho, startLedgerServer, startLoad } from './processes.mjs';

const PATHS = {
  unary: ['/writ.v1.ExecutionService/Evaluate', '/writ.bench.Echo/Unary'],
  batch: ['/writ.v1.ExecutionService/EvaluateBatch', '/writ.bench.Echo/Unary'],
  stream: ['/writ.v1.ExecutionService/EvaluateStream', '/writ.bench.Echo/Stream'],
};

const KINDS = ['unary', 'stream', 'batch'];

/**
 * @param options `path`: folder on the disk to measure; `ms` of one load; `rounds`; `callers`: of unary calls;
 *   `warmDecisions`: made before anything counts; `nodeOptions` of the ledger server
 */
export async function measureWire({ path, ms, rounds, callers, warmDecisions, nodeOptions, kinds = KINDS }) {
  const folder = mkdtempSync(join(path, 'writ-bench-wire-'));
  const prepared = await openLedger(folder);
  await prepared.instance.close();
  const [ledger, echo, load] = [await startLedgerServer(folder, nodeOptions), await startEcho(), startLoad()];
  const count = decisionCounter(join(folder, 'ledger.db'));
  const bench = { ledger, echo, load, count, rounds, ms };
  try {
    // Both are warm before anything counts: compiled code, grown heaps. That takes calls, not time.
    for (let warm = 0; warm < warmDecisions;) {
      warm += (await roundOf(bench, { kind: 'unary', callers: 64, ms: Math.min(ms, 2_000) })).ledger.ok;
    }
    const figures = {};
    if (kinds.includes('unary')) {
      figures.unary = [];
      for (const n of callers) figures.unary.push(await compare(bench, { kind: 'unary', callers: n }));
    }
    if (kinds.includes('stream')) figures.stream = await compare(bench, { kind: 'stream', callers: 256 });
    if (kinds.includes('batch')) figures.batch = await compare(bench, { kind: 'batch', callers: 4, items: 64 });
    return figures;
  } finally {
    count.close();
    await Promise.all([ledger.stop(), echo.stop(), load.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(bench, what) {
  const rounds = [];
  for (let n = 0; n < bench.rounds; n += 1) rounds.push(await roundOf(bench, { ms: bench.ms, ...what }));
  const of = (who, name) => median(rounds.map((both) => both[who][name]));
  const pick = (who) => ({
    perSecond: Math.round(of(who, 'perSecond')),
    p50Ms: round(of(who, 'p50Ms'), 2),
    p99Ms: round(of(who, 'p99Ms'), 2),
    processor: rounds.at(-1)[who].processor,
  });
  const ours = pick('ledger');
  const echo = pick('echo');
  return {
    ...what,
    ledger: ours,
    echo,
    ratio: ratio(ours.perSecond, echo.perSecond),
    p99Ratio: ratio(ours.p99Ms, echo.p99Ms),
    answerBytes: rounds[0].ledger.answerBytes,
  };
}

/** One load on each, the echo first. @throws when the ledger recorded another number of decisions than it answered */
async function roundOf({ ledger, echo, load, count }, { kind, callers, ms, items = 1 }) {
  const [path, echoPath] = PATHS[kind];
  const common = { kind: kind === 'stream' ? 'stream' : 'unary', callers, ms };
  const echoTime = processorTime(echo.pid);
  const echoed = await load.run({ ...common, port: echo.port, path: echoPath, empty: true });
  echoed.processor = perThing(echoTime, processorTime(echo.pid), echoed.ok);
  const before = count.decisions();
  const ledgerTime = processorTime(ledger.pid);
  const decided = await load.run({ ...common, kind, port: ledger.port, path, empty: false, items });
  const recorded = count.decisions() - before;
  if (decided.failed > 0 || recorded !== decided.ok * items) {
    throw new Error(`void: ${decided.ok * items} answers, ${decided.failed} failed, ${recorded} decisions recorded`);
  }
  await settled(ledger.httpPort);
  // Read after the index has caught up: its work belongs to the decisions as well.
  decided.processor = perThing(ledgerTime, processorTime(ledger.pid), recorded);
  return { echo: echoed, ledger: { ...decided, perSecond: decided.perSecond * items } };
}
