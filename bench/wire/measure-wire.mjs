/**
 * Decisions over gRPC against an echo, in rounds that take turns: one whose messages are as large as the ledger's (the
 * raw limit), and one whose messages are empty.
 */
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
    processor: processorOf(rounds.map((all) => all[who].processor)),
  });
  const ours = pick('ledger');
  const echo = pick('echo');
  const emptyEcho = pick('emptyEcho');
  const { requestBytes, answerBytes } = rounds.at(-1).ledger;
  return {
    ...what,
    ledger: ours,
    echo,
    emptyEcho,
    ratio: ratio(ours.perSecond, echo.perSecond),
    p99Ratio: ratio(ours.p99Ms, echo.p99Ms),
    emptyRatio: ratio(ours.perSecond, emptyEcho.perSecond),
    requestBytes,
    answerBytes,
  };
}

function processorOf(rounds) {
  if (rounds.includes(undefined)) return undefined;
  const of = (name) => Math.round(median(rounds.map((each) => each[name])));
  return { allMicroseconds: of('allMicroseconds'), mainMicroseconds: of('mainMicroseconds') };
}

/**
 * One load on each: the ledger, then the echo with messages of the same sizes, then with empty ones.
 * @throws when the ledger recorded another number of decisions than it answered
 */
async function roundOf(bench, what) {
  const decided = await ledgerLoad(bench, what);
  const { requestBytes, answerBytes } = decided;
  const echoed = await echoLoad(bench, what, { requestBytes, answerBytes });
  const emptyEchoed = await echoLoad(bench, what, { requestBytes: 0, answerBytes: 0 });
  return { echo: echoed, emptyEcho: emptyEchoed, ledger: decided };
}

async function echoLoad({ echo, load }, { kind, callers, ms }, sizes) {
  const before = processorTime(echo.pid);
  const path = PATHS[kind][1];
  const common = { kind: kind === 'stream' ? 'stream' : 'unary', callers, ms };
  const echoed = await load.run({ ...common, port: echo.port, path, echo: sizes });
  if (echoed.failed > 0) throw new Error(`void: ${echoed.failed} calls of the echo failed`);
  return { ...echoed, processor: perThing(before, processorTime(echo.pid), echoed.ok) };
}

async function ledgerLoad({ ledger, load, count }, { kind, callers, ms, items = 1 }) {
  const before = count.decisions();
  const timeBefore = processorTime(ledger.pid);
  const decided = await load.run({ kind, callers, ms, port: ledger.port, path: PATHS[kind][0], items });
  const recorded = count.decisions() - before;
  if (decided.failed > 0 || recorded !== decided.ok * items) {
    throw new Error(`void: ${decided.ok * items} answers, ${decided.failed} failed, ${recorded} decisions recorded`);
  }
  await settled(ledger.httpPort);
  // Read after index and tree have caught up: their work belongs to the decisions as well.
  const processor = perThing(timeBefore, processorTime(ledger.pid), recorded);
  return { ...decided, processor, perSecond: decided.perSecond * items };
}
