import * as nodeFs from 'node:fs';
import { dirname, join } from 'node:path';

import type { ReadTileFile, TileStore } from './tile-store.js';

/** The calls into the file system that are made here; tests let them fail one by one. */
export type TileFiles = Pick<
  typeof nodeFs,
  'mkdirSync' | 'writeFileSync' | 'renameSync' | 'readFileSync' | 'rmSync' | 'openSync' | 'fsyncSync' | 'closeSync'
>;

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/**
 * Tiles as static files in the layout of C2SP tlog-tiles, so that any web server can serve the folder.
 *
 * A file is written beside its place and renamed into it: a reader, and a crash at any line, finds the old file, the new
 * one, or none, and at most a left-over `.tmp`, which the next write of that tile replaces. Nothing is fsync'd on the way:
 * the tiles are a cache that the store can fill again. `sync` is called before anything refers to them as durable (the
 * saved state of the index, and with it every head that may be signed).
 */
export class TileFolder implements TileStore {
  readonly #root: string;
  readonly #files: TileFiles;
  /** Paths whose bytes, or whose place in a folder, may not have reached the disk yet. */
  readonly #unsynced = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(root: string, files: TileFiles = nodeFs) {
    this.#root = root;
    this.#files = files;
  }

  read(path: string): Uint8Array | undefined {
    try {
      return this.#files.readFileSync(join(this.#root, path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  write(path: string, bytes: Uint8Array): void {
    const target = join(this.#root, path);
    this.#makeFolder(dirname(target));
    const temporary = `${target}.tmp`;
    this.#files.writeFileSync(temporary, bytes, { mode: FILE_MODE });
    this.#files.renameSync(temporary, target);
    this.#unsynced.add(target);
  }

  removePartials(fullPath: string): void {
    const folder = `${join(this.#root, fullPath)}.p`;
    this.#files.rmSync(folder, { recursive: true, force: true });
    this.#folders.delete(folder);
    for (const path of this.#unsynced) if (dirname(path) === folder) this.#unsynced.delete(path);
  }

  sync(): void {
    const folders = new Set<string>();
    for (const path of this.#unsynced) {
      this.#fsync(path);
      // A new file may bring new folders up to the root; those that are old cost a flush that finds nothing to do.
      for (let folder = dirname(path); folder.length >= this.#root.length; folder = dirname(folder))
        folders.add(folder);
    }
    for (const folder of folders) this.#fsync(folder);
    this.#unsynced.clear();
  }

  #makeFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    this.#files.mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    this.#folders.add(folder);
  }

  #fsync(path: string): void {
    const handle = this.#files.openSync(path, 'r');
    try {
      this.#files.fsyncSync(handle);
    } finally {
      this.#files.closeSync(handle);
    }
  }
}

/**
 * Reads what a `TileFolder` wrote; `undefined` for a file that is not there. On the calling thread, as the store is read:
 * a tile is 8 KiB, and four trips through the thread pool cost ten times as much as reading it.
 */
export function tileFileReader(root: string): ReadTileFile {
  return async (path) => {
    try {
      return nodeFs.readFileSync(join(root, path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
