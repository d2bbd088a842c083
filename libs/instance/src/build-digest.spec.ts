import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildDigest, runtimeOf } from './build-digest.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'writ-build-'));
  for (const [path, text] of Object.entries(BUILD)) put(path, text);
});
afterEach(() => rmSync(root, { recursive: true }));

const BUILD = {
  'package.json': '{"version":"1.2.3"}',
  'package-lock.json': '{}',
  'proto/writ/v1/types.proto': 'syntax = "proto3";\n',
  'libs/b/dist/index.js': 'export const b = 1;\n',
  'libs/a/dist/deep/one.js': 'export const a = 1;\n',
  'apps/ledger/dist/main.js': 'start();\n',
};

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('the digest of a build', () => {
  it('is what sha256sum makes of it, as the guide says', () => {
    const command =
      'find apps/*/dist libs/*/dist proto package-lock.json -type f \\( -name "*.js" -o -path "proto/*" -o -name package-lock.json \\) ' +
      '! -name "*.spec.js" | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-64';
    const expected = execFileSync('bash', ['-c', command], { cwd: root, encoding: 'utf8' }).trim();
    expect(buildDigest(root)).toBe(`sha256:${expected}`);
  });

  it('changes with every byte that runs, and with nothing else', () => {
    const before = buildDigest(root);
    put('libs/a/dist/deep/one.js.map', '{}');
    put('libs/a/dist/one.spec.js', 'test();');
    put('libs/a/src/one.ts', 'export const a = 1;');
    put('libs/a/dist/.tsbuildinfo', '{}');
    expect(buildDigest(root)).toBe(before);
    for (const path of ['libs/a/dist/deep/one.js', 'proto/writ/v1/types.proto', 'package-lock.json']) {
      const last = buildDigest(root);
      put(path, `${BUILD[path as keyof typeof BUILD]} `);
      expect(buildDigest(root)).not.toBe(last);
    }
    const last = buildDigest(root);
    put('libs/c/dist/new.js', '');
    expect(buildDigest(root)).not.toBe(last);
  });

  it('is recorded beside the versions', () => {
    expect(runtimeOf(root)).toEqual({
      version: expect.stringMatching(/^writ\/1\.2\.3 node\/\d+\.\d+\.\d+ writ-policy\/\d+ /),
      buildDigest: buildDigest(root),
    });
  });
});
