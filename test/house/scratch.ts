import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** The repository root; jest runs from it. */
export const ROOT = resolve(__dirname, '../..');

const COPIED = ['libs', 'apps', 'tools', 'package.json', 'eslint.config.mjs', '.dependency-cruiser.cjs'];

export interface Outcome {
  readonly green: boolean;
  readonly output: string;
}

/** A copy of the sources in a temporary folder, so that a planted fault never touches the tree that others read. */
export class ScratchTree {
  readonly root: string;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'writ-house-'));
    const built = ['node_modules', 'dist'];
    for (const name of [...COPIED, ...readdirSync(ROOT).filter((file) => /^tsconfig.*\.json$/.test(file))]) {
      cpSync(join(ROOT, name), join(this.root, name), {
        recursive: true,
        filter: (path) => !built.includes(basename(path)),
      });
    }
    this.link('node_modules');
    for (const group of ['libs', 'apps']) {
      for (const name of readdirSync(join(ROOT, group))) this.link(`${group}/${name}/node_modules`);
    }
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }

  /** `npm run boundaries` on the copy. */
  boundaries(): Outcome {
    return this.run('npm', 'run', '--silent', 'boundaries');
  }

  /** What `npm run lint` does, on one file of the copy. */
  lint(path: string): Outcome {
    return this.run(process.execPath, 'node_modules/eslint/bin/eslint.js', '--max-warnings', '0', path);
  }

  private run(command: string, ...args: string[]): Outcome {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: this.root, encoding: 'utf8' });
    return { green: status === 0, output: stdout + stderr };
  }

  private link(path: string): void {
    if (existsSync(join(ROOT, path))) symlinkSync(join(ROOT, path), join(this.root, path));
  }
}

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** A package.json below the repository root. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

/** The folders of all workspace packages, e.g. `libs/merkle`. */
export function workspaceFolders(): string[] {
  return ['libs', 'apps'].flatMap((group) =>
    readdirSync(join(ROOT, group))
      .map((name) => `${group}/${name}`)
      .filter((folder) => existsSync(join(ROOT, folder, 'package.json'))),
  );
}
