import { join } from 'node:path';

import { parseCheckpoint, parseNote } from '@writ/checkpoint';
import { textOf } from '@writ/encoding';

import { readWhole, replaceFile } from './durable-file.js';

const LATEST = 'checkpoint';
const KEPT = 'checkpoints';

/**
 * Published notes as files: `checkpoint` as C2SP tlog-tiles serves it, and every one by its size. A cache: the lineage
 * stream holds them all.
 */
export interface CheckpointFiles {
  /** Keeps a note, as the latest too. */
  write(sizeLeaves: bigint, note: string): Promise<void>;
  latest(): Promise<string | undefined>;
  at(sizeLeaves: bigint): Promise<string | undefined>;
}

export class CheckpointFolder implements CheckpointFiles {
  readonly #folder: string;

  constructor(lineageDir: string) {
    this.#folder = lineageDir;
  }

  async write(sizeLeaves: bigint, note: string): Promise<void> {
    // By size first: `checkpoint` never names one that cannot be asked for. A crash in between leaves the older
    // `checkpoint`, and the next publisher, which finds no event of this one in the stream, writes both again.
    await replaceFile(this.#pathOf(sizeLeaves), note);
    await replaceFile(join(this.#folder, LATEST), note);
  }

  async latest(): Promise<string | undefined> {
    return readNote(join(this.#folder, LATEST));
  }

  async at(sizeLeaves: bigint): Promise<string | undefined> {
    const note = await readNote(this.#pathOf(sizeLeaves));
    return note !== undefined && sizeOf(note) === sizeLeaves ? note : undefined;
  }

  #pathOf(sizeLeaves: bigint): string {
    return join(this.#folder, KEPT, String(sizeLeaves));
  }
}

/** For a ledger that lives as long as the process. */
export class CheckpointMemory implements CheckpointFiles {
  readonly #notes = new Map<bigint, string>();
  #latest: string | undefined;

  write(sizeLeaves: bigint, note: string): Promise<void> {
    this.#notes.set(sizeLeaves, note);
    this.#latest = note;
    return Promise.resolve();
  }

  latest(): Promise<string | undefined> {
    return Promise.resolve(this.#latest);
  }

  at(sizeLeaves: bigint): Promise<string | undefined> {
    return Promise.resolve(this.#notes.get(sizeLeaves));
  }
}

async function readNote(path: string): Promise<string | undefined> {
  const content = await readWhole(path);
  return content === undefined ? undefined : textOf(content);
}

/** `undefined` for what is no checkpoint: a cache that was damaged is as one that is not there. */
function sizeOf(note: string): bigint | undefined {
  try {
    return parseCheckpoint(parseNote(note).text).sizeLeaves;
  } catch {
    return undefined;
  }
}
