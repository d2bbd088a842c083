import { ScratchTree, manifestOf, workspaceFolders } from './scratch.js';

/** A lib that `importer` reaches only through another one: declared by a dependency, not by itself. */
function transitivePair(): { importer: string; lib: string } {
  const manifests = new Map(
    workspaceFolders().map((folder) => [manifestOf(folder).name, { folder, ...manifestOf(folder) }]),
  );
  for (const { folder, dependencies = {} } of manifests.values()) {
    for (const direct of Object.keys(dependencies)) {
      for (const lib of Object.keys(manifests.get(direct)?.dependencies ?? {})) {
        if (manifests.has(lib) && !Object.hasOwn(dependencies, lib)) return { importer: folder, lib };
      }
    }
  }
  throw new Error('no package reaches another one only transitively: plant something else');
}

describe('check is red for a planted', () => {
  let tree: ScratchTree;

  beforeAll(() => {
    tree = new ScratchTree();
  });

  afterAll(() => {
    tree.remove('.');
  });

  /** Plants one file, runs one part of `check`, takes the file out again. */
  function outputWith(path: string, text: string, part: 'boundaries' | 'lint'): string {
    tree.write(path, text);
    try {
      const { green, output } = part === 'lint' ? tree.lint(path) : tree.boundaries();
      expect(green).toBe(false);
      return output;
    } finally {
      tree.remove(path);
    }
  }

  const planted = 'libs/merkle/src/planted.ts';

  it('nothing: boundaries and lint are green without a plant', () => {
    expect(tree.boundaries()).toEqual({ green: true, output: expect.stringContaining('no dependency violations') });
    tree.write(planted, 'export const at = (ms: number): Date => new Date(ms);\n');
    expect(tree.lint(planted)).toEqual({ green: true, output: '' });
    tree.remove(planted);
  }, 180_000);

  it('import of a lib that is only transitively referenced', () => {
    const { importer, lib } = transitivePair();
    const path = `${importer}/src/planted.ts`;
    const output = outputWith(path, `import * as planted from '${lib}';\nexport const seen = planted;\n`, 'boundaries');
    expect(output).toContain(`${path}: \`${lib}\` is not in its own package.json`);
    expect(output).toContain(`${path}: \`${lib}\` is not in the references`);
  }, 180_000);

  it('type-only import', () => {
    const text = "import type { PolicyDocument } from '@writ/policy';\nexport type Planted = PolicyDocument;\n";
    expect(outputWith(planted, text, 'boundaries')).toContain(`${planted}: \`@writ/policy\` is not in its own`);
  }, 180_000);

  it('relative path into another lib', () => {
    const text = "export { ERROR_CODES } from '../../errors/src/index.js';\n";
    expect(outputWith(planted, text, 'boundaries')).toContain(`${planted}: relative import`);
  }, 180_000);

  it('deep import', () => {
    const text = "export { ERROR_CODES } from '@writ/errors/dist/codes.js';\n";
    expect(outputWith(planted, text, 'boundaries')).toContain(`${planted}: deep import`);
  }, 180_000);

  it('npm package that only a neighbour declares', () => {
    const text = "export { z } from 'zod';\n";
    expect(outputWith(planted, text, 'boundaries')).toContain(`${planted}: \`zod\` is not in its own package.json`);
  }, 180_000);

  it('node:fs in a pure lib', () => {
    const text = "export { readFileSync } from 'node:fs';\n";
    expect(outputWith(planted, text, 'boundaries')).toMatch(/pure-no-node: .*libs\/merkle\/src\/planted\.ts/);
  }, 180_000);

  it('Nest in a lib, even one that declares it', () => {
    const manifest = tree.read('libs/merkle/package.json');
    const nest = manifestOf('apps/ledger').dependencies?.['@nestjs/common'] ?? '';
    tree.write('libs/merkle/package.json', manifest.replace('"dependencies": {', `$&"@nestjs/common": "${nest}",`));
    try {
      const text = "export { Injectable } from '@nestjs/common';\n";
      expect(outputWith(planted, text, 'boundaries')).toMatch(/nest-in-apps-only: .*libs\/merkle\/src\/planted\.ts/);
    } finally {
      tree.write('libs/merkle/package.json', manifest);
    }
  }, 180_000);

  it.each([
    ['Date.now', 'export const planted = (): number => Date.now();\n'],
    ['argument-less Date', 'export const planted = (): Date => new Date();\n'],
    ['reference to the types of Node', '/// <reference types="node" />\nexport const planted = 1;\n'],
  ])(
    '%s in a pure lib',
    (_name, text) => {
      expect(outputWith(planted, text, 'lint')).toContain('libs/merkle/src/planted.ts');
    },
    180_000,
  );
});
