import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `describe` where the machine can do it; elsewhere a skipped suite whose name says what is missing. */
export function describeIf(possible: boolean, missing: string): (name: string, suite: () => void) => void {
  return (name, suite) => {
    if (possible) describe(name, suite);
    else describe.skip(`${name} (SKIPPED: ${missing})`, suite);
  };
}

export const hasStrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** Mounts need root; tried rather than asked. */
export const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-mount-'));
  try {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', 'none', folder]).status === 0;
    if (mounted) spawnSync('umount', [folder]);
    return mounted;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

export interface Tmpfs {
  readonly path: string;
  /** `ro` or `rw`; refused by the kernel while a file in it is open for writing. */
  remount(mode: 'ro' | 'rw'): void;
  unmount(): void;
}

/** A small disk of its own. */
export function mountTmpfs(megabytes: number): Tmpfs {
  const path = mkdtempSync(join(tmpdir(), 'writ-tmpfs-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'writ-test', path]);
  return {
    path,
    remount: (mode) => execFileSync('mount', ['-o', `remount,${mode}`, path]),
    unmount: () => {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
