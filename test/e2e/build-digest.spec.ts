import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
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
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'tsconfig.json'], {
    cwd: folder,
    stdio: 'pipe',
  });
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
