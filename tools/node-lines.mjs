/** The Node lines that users run and this machine may lack, fetched as packages into a cache outside the tree. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const NODE_LINES = ['22.23.3', '24.21.0', '26.10.0'];

/** The folder that holds the `node` binary of `version`; fetched on first use. Throws when it cannot be had. */
export function nodeFolder(version) {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'writ-node');
  const folder = join(cache, `${process.platform}-${process.arch}-${version}`);
  const bin = join(folder, 'package', 'bin');
  if (existsSync(join(bin, 'node'))) return bin;
  mkdirSync(cache, { recursive: true });
  // A crash leaves only a scratch folder: the cache entry appears whole, by the rename.
  const scratch = mkdtempSync(join(cache, 'scratch-'));
  try {
    const name = `node-${process.platform}-${process.arch}@${version}`;
    execFileSync('npm', ['pack', name, '--silent', '--pack-destination', scratch], { stdio: 'pipe' });
    const archive = readdirSync(scratch).find((file) => file.endsWith('.tgz'));
    execFileSync('tar', ['-xzf', join(scratch, archive), '-C', scratch]);
    rmSync(join(scratch, archive));
    rmSync(folder, { recursive: true, force: true });
    renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return bin;
}
