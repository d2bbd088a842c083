import type { Report } from '@writ/verifier';

import type { Answer } from './reader.js';

/** These need the rules of executions and a policy engine; the second reader stops before them, at `decided`. */
export const NOT_READ = ['stateMachine', 'reevaluation'];

interface Finding {
  readonly status: string;
  readonly code: string | null;
}

/** Ours, as far as the second reader goes. A check that was not asked because of another failed one is left open. */
function checksOf(report: Report): Map<string, Finding> {
  const read = report.checks.filter(({ name, code }) => !NOT_READ.includes(name) && code !== 'RESTS_ON_FAILED');
  return new Map(read.map(({ name, status, code }) => [name, { status, code }]));
}

function checksIn(answer: Answer): Map<string, Finding> {
  const checks = Object.entries(answer['checks'] as Record<string, [string, string | null]>);
  const asked = checks.filter(([, [, code]]) => code !== 'RESTS_ON_FAILED');
  return new Map(asked.map(([name, [status, code]]) => [name, { status, code }]));
}

/**
 * Checks on which the two differ: in their status, or also in their code. Where several things are wrong at once, which
 * of them a check names first is nobody's promise.
 */
export function differences(report: Report, answer: Answer, by: 'status' | 'code'): unknown[] {
  const theirs = checksIn(answer);
  return [...checksOf(report)].flatMap(([name, ours]) => {
    const found = theirs.get(name);
    if (found === undefined) return [];
    const same = found.status === ours.status && (by === 'status' || found.code === ours.code);
    return same ? [] : [{ name, ours, theirs: found }];
  });
}
