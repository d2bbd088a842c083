/** What a jest `--json` report says, in the three numbers that a run ends with. */
import { readFileSync } from 'node:fs';

/**
 * Counts one report. Nothing readable, or a run that was not a success without naming a failed test (a suite that
 * did not compile, a worker that died), counts as a failure: silence is never green.
 * @returns {{ passed: number, failed: number, skippedNames: string[] }}
 */
export function countsOf(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skippedNames: [] };
  }
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const skippedNames = tests
    .filter(({ status }) => ['pending', 'skipped', 'todo', 'disabled'].includes(status))
    .map(({ fullName }) => fullName);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const named = tests.filter(({ status }) => status === 'failed').length + report.numRuntimeErrorTestSuites;
  const empty = passed + named + skippedNames.length === 0;
  return { passed, failed: named === 0 && (!report.success || empty) ? 1 : named, skippedNames };
}
