import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerError } from '@writ/errors';
import { parseTilePath, type TileName } from '@writ/merkle';

/** Names of tiles, by place: which widths there are. Taken before the store is read, so that none is ahead of it. */
export interface TileInventory {
  /** By `placeOf`. */
  readonly widths: ReadonlyMap<string, readonly number[]>;
  /** Files below `tile/` that no tile is called. */
  readonly strangers: readonly string[];
}

export function placeOf(name: Pick<TileName, 'kind'> & { readonly level?: number; readonly index: bigint }): string {
  return name.kind === 'entries' ? `entries ${name.index}` : `${name.level ?? 0} ${name.index}`;
}

/** Written under this name first, then renamed: what a crash leaves there was never a tile. */
const UNFINISHED = /\.new$|\.tmp$/;

/** The folder of tiles and checkpoints, as files. Reading is synchronous: whoever checks a whole ledger has nothing else to do. */
export class LineageFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** `undefined` where there is no such file. @throws Error when it cannot be read */
  read(name: string): Uint8Array | undefined {
    try {
      return readFileSync(join(this.path, name));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    }
  }

  tiles(): TileInventory {
    const widths = new Map<string, number[]>();
    const strangers: string[] = [];
    for (const path of filesBelow(this.path, 'tile')) {
      const name = tileNamed(path);
      if (name === undefined) {
        if (!UNFINISHED.test(path)) strangers.push(path);
        continue;
      }
      const place = placeOf(name);
      const known = widths.get(place);
      if (known === undefined) widths.set(place, [name.width]);
      else known.push(name.width);
    }
    return { widths, strangers };
  }

  /** Names below the folder: `checkpoint`, where it is there, and `checkpoints/<size>`. */
  checkpoints(): readonly string[] {
    const latest = this.read('checkpoint') === undefined ? [] : ['checkpoint'];
    return [...latest, ...filesBelow(this.path, 'checkpoints').filter((name) => !UNFINISHED.test(name))];
  }
}

function tileNamed(path: string): TileName | undefined {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

function filesBelow(root: string, folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}
