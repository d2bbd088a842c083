import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Digest } from '@writ/encoding';
import type { Runtime } from '@writ/ledger';
import { POLICY_RUNTIME } from '@writ/policy';

/** Folders under which a build's files lie, relative to the root of the installation. */
const PACKAGE_FOLDERS = ['apps', 'libs'];

/**
 * The digest of the running build (docs/guides/build-digest.md): SHA-256 over one line `<SHA-256 hex>  <path>\n` per
 * file, sorted by path, as `sha256sum` writes them. The files are all compiled JavaScript, the protocol, and the
 * lockfile, which in turn pins every dependency by its own digest.
 */
export function buildDigest(root: string = installationRoot()): Digest {
  const compiled = PACKAGE_FOLDERS.flatMap((folder) =>
    namesIn(join(root, folder)).flatMap((name) => filesUnder(join(root, folder, name, 'dist'), isCompiled)),
  );
  const protocol = filesUnder(join(root, 'proto'), () => true);
  const files = [...compiled, ...protocol, join(root, 'package-lock.json')];
  const lines = files
    .map((file) => ({ path: relative(root, file).split(sep).join('/'), file }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, file }) => `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${path}\n`);
  return `sha256:${createHash('sha256').update(lines.join('')).digest('hex')}` as Digest;
}

/** What every decision records of the software that made it. */
export function runtimeOf(root: string = installationRoot()): Runtime {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  return {
    version: `writ/${manifest.version} node/${process.versions.node} ${POLICY_RUNTIME}`,
    buildDigest: buildDigest(root),
  };
}

/** This file is `libs/instance/{src,dist}/build-digest.*` of the installation. */
function installationRoot(): string {
  return fileURLToPath(new URL('../../..', import.meta.url));
}

function isCompiled(path: string): boolean {
  return path.endsWith('.js') && !path.endsWith('.spec.js');
}

function filesUnder(folder: string, wanted: (path: string) => boolean): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path, wanted);
    return entry.isFile() && wanted(path) ? [path] : [];
  });
}

function namesIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
