/**
 * Plants known bugs, one at a time, and expects the test that `tools/planted-bugs.json` names for each to turn red: a
 * suite that lets one of them live has stopped guarding what it is there for. Works on a copy of the tree; nothing in
 * the tree itself is touched. Needs a build. `node tools/planted-bugs.mjs [part of a name]` plants only those.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const LANES = 2;
const LIMIT_MS = 120_000;

/** A copy with a `node_modules` of links: packages of the real one, our own libs of the copy. */
function copyOfTree() {
  const copy = mkdtempSync(join(tmpdir(), 'writ-planted-'));
  const wanted = (path) => basename(path) !== 'node_modules' && !path.endsWith('.map');
  const parts = ['libs', 'test', 'proto', 'docs', 'package.json', 'jest.config.cjs', 'tsconfig.base.json'];
  for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true, filter: wanted });
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@writ'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')).filter((name) => name !== '@writ')) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const lib of readdirSync(join(copy, 'libs'))) symlinkSync(join(copy, 'libs', lib), join(modules, '@writ', lib));
  return copy;
}

/** @returns {Promise<{ code: number, output: string }>} */
function run(copy, script, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(copy, 'node_modules', script), ...args], { cwd: copy });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** What became of tests: full name → `passed`, `failed`, `pending`. Only those named are run. */
async function statusesOf(copy, project, specs, tests) {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const names = tests.map((test) => test.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
  const args = ['--selectProjects', project, '--json', `--outputFile=${report}`, '--ci', '--testNamePattern', names];
  args.push('--forceExit', '--runTestsByPath', ...specs);
  const { output } = await run(copy, 'jest/bin/jest.js', args);
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    return { statuses: new Map(), output };
  }
  const ran = results.flatMap((file) => file.assertionResults);
  return { statuses: new Map(ran.map(({ fullName, status }) => [fullName, status])), output };
}

function statusOf(statuses, test) {
  const found = [...statuses].filter(([name]) => name === test || name.endsWith(` ${test}`));
  return found.length === 1 ? found[0][1] : `${found.length} tests of that name`;
}

/** @returns {Promise<string | undefined>} why the bug was not caught */
async function plant(copy, bug) {
  const path = join(copy, bug.file);
  const sound = readFileSync(path, 'utf8');
  if (sound.split(bug.find).length !== 2) return `\`find\` is not exactly once in ${bug.file}: adapt the list`;
  writeFileSync(
    path,
    sound.replace(bug.find, () => bug.plant),
  );
  try {
    if (bug.build !== undefined) {
      // `noUnusedLocals` and the like may well complain; what counts is that the bug is in the built code.
      const built = await run(copy, 'typescript/bin/tsc', ['-b', bug.build]);
      if (built.code !== 0) return `the planted bug does not compile: ${built.output}`;
    }
    const { statuses, output } = await statusesOf(copy, bug.project, [bug.spec], [bug.test]);
    const status = statusOf(statuses, bug.test);
    if (status === 'failed') return undefined;
    const red = [...statuses].filter(([, other]) => other === 'failed').map(([name]) => name);
    return `the test is ${status}; red instead: ${red.join('; ') || `nothing\n${output.slice(-2_000)}`}`;
  } finally {
    writeFileSync(path, sound);
  }
}

/** A red test proves something only where it is green without the bug. */
async function untouchedRed(copy, bugs) {
  const red = [];
  for (const project of new Set(bugs.map((bug) => bug.project))) {
    const own = bugs.filter((bug) => bug.project === project);
    const specs = [...new Set(own.map((bug) => bug.spec))];
    const tests = own.map((bug) => bug.test);
    const { statuses, output } = await statusesOf(copy, project, specs, tests);
    for (const { test } of own) {
      const status = statusOf(statuses, test);
      if (status !== 'passed') red.push(`${test}: ${status}\n${status.endsWith('name') ? output.slice(-2_000) : ''}`);
    }
  }
  return red;
}

const [, , part = ''] = process.argv;
const listed = JSON.parse(readFileSync(new URL('planted-bugs.json', import.meta.url), 'utf8'));
const chosen = listed.filter((bug) => bug.name.includes(part));
const possible = chosen.filter((bug) => bug.needs === undefined || spawnSync(bug.needs, ['-V']).status === 0);
for (const bug of chosen.filter((bug) => !possible.includes(bug)))
  console.log(`SKIPPED  ${bug.name}: needs ${bug.needs}`);

const copies = [];
let survivors = 0;
try {
  for (let lane = 0; lane < LANES; lane += 1) copies.push(copyOfTree());
  const red = await untouchedRed(copies[0], possible);
  if (red.length > 0) throw new Error(`red without any bug:\n${red.join('\n')}`);
  const queue = [...possible];
  await Promise.all(
    copies.map(async (copy) => {
      for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
        const begun = Date.now();
        const survived = await plant(copy, bug);
        if (survived !== undefined) survivors += 1;
        const seconds = ((Date.now() - begun) / 1_000).toFixed(1);
        console.log(`${survived === undefined ? 'caught  ' : 'SURVIVED'} ${bug.name} (${seconds} s)`);
        if (survived !== undefined) console.log(`         ${survived}`);
      }
    }),
  );
} catch (error) {
  survivors += 1;
  console.log(error instanceof Error ? error.message : error);
} finally {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}
console.log(`planted bugs: ${possible.length} planted, ${survivors} not caught`);
process.exitCode = survivors === 0 && possible.length > 0 ? 0 : 1;
