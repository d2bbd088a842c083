/** The workspace packages as their manifests, references and sources state them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : filesBelow(path);
    return /\.(ts|mts|cts|js|mjs)$/.test(entry.name) ? [path] : [];
  });
}

/**
 * @typedef {object} Package
 * @property {string} name as imported, e.g. `@writ/merkle`
 * @property {string} folder relative to the root, e.g. `libs/merkle`
 * @property {object} manifest its package.json
 * @property {string[]} references the folders that its tsconfig.json refers to, relative to the root
 * @property {string[]} files its sources, relative to the root
 */

/** Every package below `libs` and `apps`, in the order of their folders. @returns {Package[]} */
export function workspacePackages(root) {
  const folders = ['libs', 'apps'].flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, group, entry.name, 'package.json')))
      .map((entry) => `${group}/${entry.name}`)
      .sort(),
  );
  return folders.map((folder) => {
    const manifest = readJson(join(root, folder, 'package.json'));
    const { config } = ts.readConfigFile(join(root, folder, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
    return {
      name: manifest.name,
      folder,
      manifest,
      references: (config?.references ?? []).map(({ path }) => join(folder, path)),
      files: [...filesBelow(join(root, folder, 'src')), ...filesBelow(join(root, folder, 'bin'))].map((path) =>
        path.slice(join(root, '/').length),
      ),
    };
  });
}

/** Every module that a file names, in whatever way (static, type-only, dynamic, require), and its `/// <reference`s. */
export function importsOf(root, file) {
  const { importedFiles, referencedFiles, typeReferenceDirectives, libReferenceDirectives } = ts.preProcessFile(
    readFileSync(join(root, file), 'utf8'),
    true,
    true,
  );
  const references = [...referencedFiles, ...typeReferenceDirectives, ...libReferenceDirectives];
  return { modules: importedFiles.map(({ fileName }) => fileName), references: references.map((r) => r.fileName) };
}

/** `@scope/name/inner` → `{ packageName: '@scope/name', inner: './inner' }`; `inner` is `.` for the package itself. */
export function splitSpecifier(specifier) {
  const parts = specifier.split('/');
  const length = specifier.startsWith('@') ? 2 : 1;
  const rest = parts.slice(length).join('/');
  return { packageName: parts.slice(0, length).join('/'), inner: rest === '' ? '.' : `./${rest}` };
}
