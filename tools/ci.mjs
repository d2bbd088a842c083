/**
 * Runs the checks and every suite, one after the other, and adds them up. The last line is
 * `N passed, N failed, N skipped`; a check that is red counts as one failure. Called by `.ci/run`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { countsOf } from './jest-counts.mjs';
import { NODE_LINES, nodeFolder } from './node-lines.mjs';

const STEP_LIMIT_MS = 35 * 60_000;
const reports = mkdtempSync(join(tmpdir(), 'writ-ci-'));
const totals = { passed: 0, failed: 0, skippedNames: [] };

/** Runs a command in a process group of its own, so that a step that hangs is ended with all that it started. */
function run(command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env, detached: true });
    const timer = setTimeout(() => {
      console.log(`step limit of ${STEP_LIMIT_MS / 60_000} minutes reached`);
      process.kill(-child.pid, 'SIGKILL');
    }, STEP_LIMIT_MS);
    const end = (green) => {
      clearTimeout(timer);
      resolve(green);
    };
    child.on('error', (error) => {
      console.log(error.message);
      end(false);
    });
    child.on('close', (code) => end(code === 0));
  });
}

async function timed(name, body) {
  const started = Date.now();
  console.log(`\n== ${name}`);
  const result = await body();
  console.log(`== ${name}: ${result} (${Math.round((Date.now() - started) / 1000)} s)`);
}

/** A step that is green or red and counts no tests. */
function check(name, command, args) {
  return timed(name, async () => {
    const green = await run(command, args);
    if (!green) totals.failed += 1;
    return green ? 'green' : 'RED';
  });
}

/** A step that runs jest; its report, not its output, says what happened. */
function suite(name, command, args, env) {
  return timed(name, async () => {
    const file = join(reports, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.json`);
    const green = await run(command, [...args, '--json', `--outputFile=${file}`], env);
    const counts = countsOf(file);
    const failed = !green && counts.failed === 0 ? 1 : counts.failed;
    totals.passed += counts.passed;
    totals.failed += failed;
    totals.skippedNames.push(...counts.skippedNames.map((test) => `[${name}] ${test}`));
    return `${counts.passed} passed, ${failed} failed, ${counts.skippedNames.length} skipped`;
  });
}

/** The unit suites under another Node; it comes first in PATH, so that what the tests start runs on it too. */
async function unitOn(version) {
  let folder;
  try {
    folder = nodeFolder(version);
  } catch (error) {
    totals.failed += 1;
    console.log(`\n== unit on Node ${version}: cannot be fetched (${error.message})`);
    return;
  }
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` };
  const args = ['node_modules/jest/bin/jest.js', '--selectProjects', 'unit', '--ci'];
  await suite(`unit on Node ${version}`, join(folder, 'node'), args, env);
}

await check('npm run check', 'npm', ['run', '--silent', 'check']);
await suite('npm test', 'npm', ['test', '--silent', '--']);
await suite('npm run test:e2e', 'npm', ['run', '--silent', 'test:e2e', '--']);
await suite('npm run test:eventstore', 'npm', ['run', '--silent', 'test:eventstore', '--']);
await suite('npm run test:browser', 'npm', ['run', '--silent', 'test:browser', '--']);
await suite('npm run test:fault', 'npm', ['run', '--silent', 'test:fault', '--']);
await check('npm run test:mutants', 'npm', ['run', '--silent', 'test:mutants']);
for (const version of NODE_LINES) await unitOn(version);

rmSync(reports, { recursive: true, force: true });
console.log('');
for (const name of totals.skippedNames) console.log(`skipped: ${name}`);
process.exitCode = totals.failed === 0 ? 0 : 1;
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skippedNames.length} skipped`);
