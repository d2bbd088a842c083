import { formatInstant, parseJson, type JsonValue } from '@writ/encoding';
import type { Decision, EventReceipt, Execution, Receipt } from '@writ/client';
import { isObject, textIn } from '../input/read-input.js';
import { printable, type Style } from './style.js';
import { fields, table } from './table.js';

/** The outcome of a decision in its colour. */
export function outcomeText(outcome: string, style: Style): string {
  switch (outcome) {
    case 'admitted':
    case 'admit':
    case 'committed':
    case 'approved':
    case 'in_force':
      return style.good(outcome);
    case 'denied':
    case 'deny':
    case 'exhausted':
      return style.bad(outcome);
    default:
      return style.wait(printable(outcome));
  }
}

/** What was decided, why, what else it asks for, and which events say so. */
export function receiptText(receipt: Receipt, style: Style): string {
  const { decision, reservation } = receipt;
  const marks = [
    ...(receipt.replayed ? ['replayed: the original answer, nothing was appended'] : []),
    ...(receipt.signalsDiffer ? ['the signals differ from those of the first decision, which stands'] : []),
  ];
  const pairs: [string, string][] = [
    ['execution', `${receipt.tenant}/${receipt.executionId}`],
    ['decision', [outcomeText(decision.outcome, style), ...marks.map((mark) => style.dim(`(${mark})`))].join(' ')],
    ...decisionFields(decision, style),
  ];
  if (reservation !== undefined) {
    const end = formatInstant(reservation.expiresAtMs);
    pairs.push(['reserved', `attempt ${reservation.attempt} until ${end}`]);
  }
  const clauses = receipt.events.flatMap(clausesOf).map((clause) => style.dim(`  ${printable(clause)}`));
  return [fields(style, pairs), ...clauses, '', eventsText(receipt.events, style)].join('\n');
}

function decisionFields(decision: Decision, style: Style): [string, string][] {
  const policy = decision.policyVersion === '' ? 'none in force' : `version ${decision.policyVersion}`;
  return [
    ['policy', `${printable(decision.policyId)}, ${printable(policy)}${rule(decision.rule)}`],
    ...decision.reasons.map(({ code, text, signal }): [string, string] => [
      'reason',
      `${style.accent(printable(code))} ${printable(text)}${signal === undefined ? '' : ` (${printable(signal)})`}`,
    ]),
    ...decision.obligations.map((obligation): [string, string] => [
      'obligation',
      printable(JSON.stringify(obligation)),
    ]),
    ...(decision.validUntilMs === undefined
      ? []
      : [['valid until', formatInstant(decision.validUntilMs)] satisfies [string, string]]),
  ];
}

function rule(name: string): string {
  return name === '' ? '' : `, rule ${printable(name)}`;
}

/** Which clause of which rule decided against it, as the signed decision says. */
function clausesOf({ type, data }: EventReceipt): string[] {
  if (type !== 'DecisionDenied' && type !== 'DecisionEscalated') return [];
  const fact = parseJson(data, { maxDepth: 40 });
  const tried = isObject(fact) && Array.isArray(fact['diagnostics']) ? (fact['diagnostics'] as JsonValue[]) : [];
  return tried.flatMap((diagnostic) => {
    if (!isObject(diagnostic) || diagnostic['matched'] === true || !isObject(diagnostic['clause'])) return [];
    return [`rule ${textIn(diagnostic['rule'])} did not match: ${textIn(diagnostic['clause']['text'])}`];
  });
}

export function eventsText(events: readonly EventReceipt[], style: Style): string {
  const rows = events.map(({ revision, type, recordedAtMs, attestation, standing }) => [
    revision.toString(),
    printable(type),
    formatInstant(recordedAtMs),
    standing,
    `key ${printable(attestation.keyId)}, leaf ${attestation.batch.index + 1} of ${attestation.batch.size}`,
  ]);
  return table(style, ['rev', 'event', 'recorded at', 'standing', 'attestation'], rows);
}

export function executionText(execution: Execution, style: Style): string {
  const { decision, reservation } = execution;
  const pairs: [string, string][] = [
    ['execution', `${execution.tenant}/${execution.executionId}`],
    ['state', outcomeText(execution.state, style) + (execution.blocked ? style.bad(' (blocked: reconcile)') : '')],
    ['action', printable(execution.action)],
    ['decision', outcomeText(decision.outcome, style)],
    ...decisionFields(decision, style),
    ['evaluations', String(execution.evaluations)],
    ['attempts', String(execution.attempts)],
    ...(reservation === undefined
      ? []
      : [
          ['lease', `attempt ${reservation.attempt} until ${formatInstant(reservation.expiresAtMs)}`] as [
            string,
            string,
          ],
        ]),
  ];
  const events = execution.events.length === 0 ? [] : ['', eventsText(execution.events, style)];
  return [fields(style, pairs), ...events].join('\n');
}

const EXECUTION_ROW = 34;

/** One line of a list. */
export function executionRow(execution: Execution, style: Style): string {
  const { executionId, state, action, updatedAtMs, decision } = execution;
  const plain = `${state}${execution.blocked ? '!' : ''}`.padEnd(10);
  return [
    formatInstant(updatedAtMs),
    outcomeText(state, style) + plain.slice(state.length),
    printable(executionId).padEnd(EXECUTION_ROW),
    style.dim(`${printable(action)} ${printable(decision.rule)}`),
  ].join('  ');
}
