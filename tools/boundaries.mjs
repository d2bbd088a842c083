/**
 * Fails on what the compiler lets pass: an import of a lib or package that is missing from the importer's own
 * manifest or references, a deep import, a relative import that leaves its package, a `/// <reference`. Then lets
 * dependency-cruiser judge the graph of files (order, cycles, purity, Nest, drivers) by `.dependency-cruiser.cjs`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsOf, splitSpecifier, workspacePackages } from './packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const rootManifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const packages = workspacePackages(root);
const byName = new Map(packages.map((one) => [one.name, one]));
const builtins = new Set(builtinModules);

/** Specs, and what only specs use. */
const isSpec = (file) => /\.(spec|fixture)\.ts$|\/reference-[a-z-]+\.ts$|\/src\/contract\//.test(file);
const isBuiltin = (specifier) => specifier.startsWith('node:') || builtins.has(specifier);

/** What a file may name: its package's own dependencies; a spec also the development tools of the root. */
function declaredFor(one, file) {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = one.manifest;
  const own = { ...dependencies, ...peerDependencies, ...optionalDependencies };
  return new Set(Object.keys(isSpec(file) ? { ...own, ...devDependencies, ...rootManifest.devDependencies } : own));
}

function findingsOfImport(one, file, specifier) {
  if (specifier.startsWith('.')) {
    const target = join(dirname(file), specifier);
    return target.startsWith(`${one.folder}/`) ? [] : [`relative import \`${specifier}\` leaves the package`];
  }
  if (isBuiltin(specifier)) return [];
  const { packageName, inner } = splitSpecifier(specifier);
  if (packageName === one.name) return ['imports itself by name'];
  const findings = [];
  if (!declaredFor(one, file).has(packageName)) findings.push(`\`${packageName}\` is not in its own package.json`);
  const target = byName.get(packageName);
  if (target !== undefined) {
    if (!Object.hasOwn(target.manifest.exports ?? {}, inner)) findings.push(`deep import \`${specifier}\``);
    if (!isSpec(file) && !one.references.includes(target.folder)) {
      findings.push(`\`${packageName}\` is not in the references of its tsconfig.json`);
    }
  }
  return findings;
}

function findingsOfFile(one, file) {
  const { modules, references } = importsOf(root, file);
  return [
    ...modules.flatMap((specifier) => findingsOfImport(one, file, specifier)),
    ...references.map((name) => `\`/// <reference\` to \`${name}\``),
  ].map((finding) => `${file}: ${finding}`);
}

/** Manifest and references say the same; versions are exact, so that a lockfile is not what holds them. */
function findingsOfManifest(one) {
  const wanted = Object.keys(one.manifest.dependencies ?? {}).flatMap((name) => byName.get(name)?.folder ?? []);
  const missing = wanted.filter((folder) => !one.references.includes(folder));
  const extra = one.references.filter((folder) => !wanted.includes(folder));
  const ranges = Object.entries({ ...one.manifest.dependencies, ...one.manifest.devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+([-+].+)?$/.test(version),
  );
  return [
    ...missing.map((folder) => `${one.folder}/tsconfig.json: no reference to \`${folder}\`, which the manifest names`),
    ...extra.map((folder) => `${one.folder}/tsconfig.json: reference to \`${folder}\`, which the manifest lacks`),
    ...ranges.map(([name, range]) => `${one.folder}/package.json: \`${name}\` is \`${range}\`, not an exact version`),
  ];
}

const findings = packages.flatMap((one) => [
  ...findingsOfManifest(one),
  ...one.files.flatMap((file) => findingsOfFile(one, file)),
]);
for (const finding of findings) console.error(finding);

const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const options = ['--config', '.dependency-cruiser.cjs', '--output-type', 'err'];
const graph = spawnSync(process.execPath, [cruiser, ...options, 'libs', 'apps'], { cwd: root, stdio: 'inherit' });
process.exitCode = findings.length === 0 && graph.status === 0 ? 0 : 1;
