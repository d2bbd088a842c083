/** The figures for people: one line each, with what it was compared to. */

const HEAD = ['what', 'Writ', 'raw limit', 'ratio', 'target'];

export function tableOf(figures) {
  const rows = [
    ...inProcess(figures['in-process']),
    ...wire(figures.wire),
    ...growth(figures.growth),
    ...store(figures.store),
  ];
  const widths = HEAD.map((_, column) => Math.max(...[HEAD, ...rows].map((row) => String(row[column]).length)));
  const line = (row) =>
    row
      .map((cell, column) => String(cell).padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  const machine = `Node ${figures.node}, ${figures.processors} × ${figures.processor ?? 'processor'}`;
  return [machine, '', line(HEAD), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function inProcess(part) {
  if (part === undefined) return [];
  const rows = part.withoutStore.map((each) => [
    `in process, ${each.callers} at once`,
    `${each.decisionsPerSecond}/s`,
    `${each.referencePerSecond}/s without a store`,
    each.ratio,
    each.callers === 64 ? '0.7' : '',
  ]);
  const { lone } = part;
  return [
    [
      'in process, one caller',
      `${lone.decisionsPerSecond}/s`,
      `${lone.referencePerSecond}/s append+fdatasync`,
      lone.ratio,
      '0.5',
    ],
    ...rows,
  ];
}

const WIRE_TARGETS = { 1: '0.6', 64: '0.8' };

function wire(part) {
  if (part === undefined) return [];
  const row = (name, each, target) => [
    name,
    `${each.ledger.perSecond}/s  p50 ${each.ledger.p50Ms}  p99 ${each.ledger.p99Ms} ms`,
    `${each.echo.perSecond}/s  p50 ${each.echo.p50Ms}  p99 ${each.echo.p99Ms} ms echo`,
    `${each.ratio} (p99 ${each.p99Ratio}; empty ${each.emptyRatio})`,
    target,
  ];
  return [
    ...(part.unary ?? []).map((each) =>
      row(`gRPC unary, ${each.callers} callers`, each, WIRE_TARGETS[each.callers] ?? ''),
    ),
    ...(part.stream === undefined ? [] : [row(`gRPC stream, ${part.stream.callers} outstanding`, part.stream, '0.5')]),
    ...(part.batch === undefined
      ? []
      : [row(`gRPC batch of ${part.batch.items}, ${part.batch.callers} callers`, part.batch, '')]),
  ];
}

function growth(part) {
  if (part === undefined) return [];
  return [
    [
      'memory kept per execution',
      `${part.keptBytesPerExecution} bytes`,
      `${part.executions} executions`,
      '',
      '500 at most',
    ],
    ['resident memory', `${part.residentMegabytes} MB`, `${part.executions} executions`, '', ''],
    ['restart', `${part.restartMs.join(', ')} ms`, `${part.events} events`, '', '5,000 ms at most'],
  ];
}

function store(part) {
  if (part === undefined) return [];
  const { growth: grown } = part;
  return [
    ...part.byCallers.map((each) => [
      `store alone, ${each.callers} at once`,
      `${each.appendsPerSecond}/s`,
      `${part.rawAppendsPerSecond}/s append+fdatasync`,
      each.ratioToRaw,
      '',
    ]),
    [
      'append, time-ordered ids',
      `processor ${grown.crowdedProcessorRatio}, lone time ${grown.loneTimeRatio}`,
      `${grown.executions} executions against 1,000`,
      grown.crowdedProcessorRatio,
      '1.2 at most',
    ],
    ...(part.randomIds === undefined
      ? []
      : [
          [
            'append, random ids',
            `processor ${part.randomIds.crowdedProcessorRatio}`,
            `${part.randomIds.executions} executions against 1,000`,
            part.randomIds.crowdedProcessorRatio,
            '',
          ],
        ]),
  ];
}
