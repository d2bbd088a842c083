import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, manifestOf, workspaceFolders } from './scratch.js';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

/** Looked up as Node does: in the package's own folder, then in every folder above it. */
function isLocked(name: string, from: string): boolean {
  const steps = from.split('/');
  const folders = [...steps.keys()].map((at) => `${steps.slice(0, at + 1).join('/')}/`);
  return ['', ...folders].some((folder) => Object.hasOwn(packages, `${folder}node_modules/${name}`));
}

describe('package-lock.json', () => {
  it('holds every platform package: npm install drops what a registry lacks, and only npm ci on a clean tree notices', () => {
    const absent = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !isLocked(name, path))
        .map((name) => `${path} → ${name}`),
    );
    expect(absent).toEqual([]);
  });

  it('says the same as the manifests', () => {
    for (const folder of ['', ...workspaceFolders()]) {
      const { dependencies = {}, devDependencies = {} } = manifestOf(folder);
      const locked = packages[folder];
      expect({
        folder,
        dependencies: locked?.dependencies ?? {},
        devDependencies: locked?.devDependencies ?? {},
      }).toEqual({
        folder,
        dependencies,
        devDependencies,
      });
    }
  });

  it('brings nothing with an install script but what is known to work without it', () => {
    const withScript = Object.entries(packages)
      .filter(([, locked]) => locked.hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    const known = [
      '@bufbuild/buf',
      '@parcel/watcher',
      '@photostructure/sqlite',
      '@scarf/scarf',
      '@swc/core',
      'protobufjs',
      'unrs-resolver',
    ];
    expect(withScript.filter((name) => !known.includes(name))).toEqual([]);
  });
});
