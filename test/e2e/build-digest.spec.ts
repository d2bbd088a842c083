import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildDigest } from '@writ/instance';

const root = join(__dirname, '../..');
const INPUTS = ['apps', 'libs', 'proto', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.base.json'];
const LEFT_OUT = new Set(['dist', 'node_modules']);

jest.setTimeout(300_000);

/** A clean copy of the sources in a folder of its own, compiled there. */
function buildIn(folder: string): void {
  for (const input of INPUTS) {
    cpSync(join(root, input), join(folder, input), {
      recursive: true,
      filter: (source) => !LEFT_OUT.has(basename(source)),
    });
  }
  linkPackages(join(root, 'node_modules'), join(folder, 'node_modules'));
  // A package that needs another line of a dependency has it in a folder of its own.
  for (const nested of nestedModules()) symlinkSync(join(root, nested), join(folder, nested));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, '-b', 'tsconfig.json'], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toBe('');
}

function nestedModules(): string[] {
  const packages = ['apps', 'libs'].flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name)));
  return packages.map((one) => join(one, 'node_modules')).filter((path) => existsSync(join(root, path)));
}

/** As an install leaves them: foreign packages shared, ours by relative links, so that they lead to the copies. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) if (name !== '@writ') symlinkSync(join(from, name), join(to, name));
  cpSync(join(from, '@writ'), join(to, '@writ'), { recursive: true, verbatimSymlinks: true });
}

describe('two builds of the same sources', () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  it('have the same digest, wherever they lie', () => {
    for (const name of ['writ-a-', 'writ-somewhere-else-']) {
      const folder = mkdtempSync(join(tmpdir(), name));
      folders.push(folder);
      buildIn(folder);
    }
    const [first, second] = folders.map((folder) => buildDigest(folder));
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(second).toBe(first);
  });
});
