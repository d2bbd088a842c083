import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './scratch.js';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skippedNames: readonly string[];
}

describe('the counts of a jest report', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-counts-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the tool as `.ci/run` does: as the plain module that it is. */
  function countsOf(report: string): Counts {
    const path = join(folder, 'report.json');
    writeFileSync(path, report);
    const tool = pathToFileURL(join(ROOT, 'tools/jest-counts.mjs')).href;
    const script = `import { countsOf } from '${tool}'; console.log(JSON.stringify(countsOf(process.argv[1])));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script, path], { encoding: 'utf8' });
    return JSON.parse(stdout) as Counts;
  }

  const report = (success: boolean, deadSuites: number, ...statuses: string[]): string =>
    JSON.stringify({
      success,
      numRuntimeErrorTestSuites: deadSuites,
      testResults: [{ assertionResults: statuses.map((status, at) => ({ status, fullName: `test ${at}` })) }],
    });

  it.each([
    ['adds up by status', report(false, 0, 'passed', 'passed', 'failed'), 2, 1, []],
    ['names what was skipped', report(true, 0, 'passed', 'pending', 'todo'), 1, 0, ['test 1', 'test 2']],
    ['counts a suite that did not start as failed', report(false, 1, 'passed'), 1, 1, []],
    ['counts a red run that names no test as failed', report(false, 0, 'passed'), 1, 1, []],
    ['counts an empty run as failed', report(true, 0), 0, 1, []],
    ['counts an unreadable report as failed', '', 0, 1, []],
  ])('%s', (_name, text, passed, failed, skippedNames) => {
    expect(countsOf(text)).toEqual({ passed, failed, skippedNames });
  });
});
