/**
 * Where the files of the tree lie, by their path below the log's prefix (`tile/0/x001/234.p/17`). Used by the one thread
 * that writes them, so calls return when they are done.
 */
export interface TileStore {
  /** The whole file; `undefined` where there is none. */
  read(path: string): Uint8Array | undefined;
  /** Puts the file in place, whole, over what stood there. It survives the process; `sync` makes it survive more. */
  write(path: string, bytes: Uint8Array): void;
  /** Deletes the partial tiles of a tile that is full by now. */
  removePartials(fullPath: string): void;
  /** Returns when all that was written before would survive a power cut. */
  sync(): void;
}

/** Reads a file of the tree without holding up the thread. */
export type ReadTileFile = (path: string) => Promise<Uint8Array | undefined>;

/** Tiles of a ledger in memory, gone with it. */
export class MemoryTiles implements TileStore {
  readonly #files = new Map<string, Uint8Array>();

  read(path: string): Uint8Array | undefined {
    return this.#files.get(path);
  }

  write(path: string, bytes: Uint8Array): void {
    this.#files.set(path, bytes.slice());
  }

  removePartials(fullPath: string): void {
    for (let width = 1; width < 256; width++) this.#files.delete(`${fullPath}.p/${String(width)}`);
  }

  sync(): void {
    // Nothing here outlives the process.
  }
}
