import { formatInstant } from '@writ/encoding';
import type { Check, Finding, Report } from '@writ/verifier';
import { printable, type Style } from './style.js';
import { fields, table } from './table.js';

const SHOWN_FINDINGS = 5;

/** A report for people: what it comes to, what that means, then every check. */
export function reportText(place: string, report: Report, style: Style): string {
  const { verdict, required, accepted, claims } = report;
  const head = accepted
    ? `${style.good('VERIFIED')} ${printable(place)}: ${verdict}`
    : `${style.bad('NOT VERIFIED')} ${printable(place)}: ${verdict ?? 'nothing'} was shown, ${required} was asked for`;
  const said = claims === null ? [] : claimLines(report, style);
  return [head, ...said, '', checksText(report.checks, style)].join('\n');
}

function claimLines({ claims }: Report, style: Style): string[] {
  if (claims === null) return [];
  const { origin, asOf, execution, entry } = claims;
  const pairs: [string, string][] = [['ledger', printable(origin)]];
  if (asOf !== null) {
    const witnesses = asOf.cosignedBy.map(
      ({ witness, timeSeconds }) => `${printable(witness)} at ${formatInstant(timeSeconds * 1_000)}`,
    );
    pairs.push(['as of', `size ${asOf.sizeLeaves}, root ${asOf.root}`]);
    pairs.push(['cosigned by', witnesses.length === 0 ? 'no witness' : witnesses.join(', ')]);
  }
  if (execution !== null) {
    pairs.push(['execution', `${printable(execution.tenant)}/${printable(execution.executionId)}`]);
    pairs.push(['status', printable(execution.status)]);
    for (const { outcome, rule, policy, evaluatedAt, index } of execution.decisions) {
      const under = policy === null ? 'no policy in force' : `${policy.policyId} ${policy.version}`;
      const by = rule === null ? '' : `, rule ${printable(rule)}`;
      pairs.push(['decision', `${outcome} at ${evaluatedAt} under ${printable(under)}${by} (leaf ${index})`]);
    }
    pairs.push(['events', `${execution.events.length}, that none is left out is ${execution.completeness}`]);
    if (execution.withheld.length > 0) pairs.push(['withheld', execution.withheld.map(printable).join(', ')]);
  }
  if (entry !== null) {
    pairs.push(['event', `${printable(entry.type)} revision ${entry.revision} of ${printable(entry.streamRef)}`]);
    pairs.push(['recorded at', entry.recordedAt]);
    if (entry.index !== null) pairs.push(['leaf', entry.index]);
  }
  return [fields(style, pairs)];
}

function checksText(checks: readonly Check[], style: Style): string {
  const rows = checks.flatMap((check) => rowsOf(check, style));
  return table(style, ['check', 'result', 'why'], rows);
}

function rowsOf({ name, status, findings, more }: Check, style: Style): string[][] {
  const shown = findings.slice(0, SHOWN_FINDINGS);
  const left = findings.length - shown.length + more;
  const [first = '', ...others] = [...shown.map(findingText), ...(left === 0 ? [] : [`and ${left} more`])];
  const mark = { passed: style.good, failed: style.bad, skipped: style.wait }[status];
  return [[name, mark(status), first], ...others.map((text) => ['', '', text])];
}

function findingText({ code, subject, detail }: Finding): string {
  const { stream, revision, index } = subject ?? {};
  const place = [
    ...(stream === undefined ? [] : [printable(stream)]),
    ...(revision === undefined ? [] : [`revision ${revision}`]),
    ...(index === undefined ? [] : [`leaf ${index}`]),
  ].join(' ');
  return `${code}${place === '' ? '' : ` at ${place}`}: ${printable(detail)}`;
}
