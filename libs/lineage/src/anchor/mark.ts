import { join } from 'node:path';

import { canonicalise, equalBytes, parseBase64, parseCanonical, toBase64 } from '@writ/encoding';
import { IntegrityError, UnavailableError } from '@writ/errors';
import { emptyRoot } from '@writ/merkle';
import { z } from 'zod';

import { readWhole, replaceFile } from './durable-file.js';
import type { TreeHead } from './tree-head.js';

/**
 * The largest head that may have been signed with one checkpoint key: the one thing that keeps a log from signing two
 * trees that disagree. It is kept outside the store, so that a store that was set back cannot take it along. Only who
 * holds the lock beside it (`PublisherLock`) moves it.
 */
export interface Mark {
  /**
   * `undefined` where there is none yet.
   * @throws IntegrityError `MARK_MISSING` where it is damaged: what was signed is not known then either; `KEY_MISMATCH`
   * where it is the mark of another key
   */
  read(): Promise<TreeHead | undefined>;
  /**
   * Puts `to` in the place of `from`, and returns when that would survive a power cut. Nothing may be signed before.
   * @throws UnavailableError `PUBLISHER_UNAVAILABLE` where another head than `from` is there: somebody else moved it
   */
  advance(from: TreeHead | undefined, to: TreeHead): Promise<void>;
}

const MARK_FILE = 'mark.json';
const MAX_BYTES = 4096;
const DECIMAL = /^(?:0|[1-9][0-9]{0,19})$/;
const markSchema = z.strictObject({
  format: z.literal('writ/mark/v1'),
  vkey: z.string(),
  sizeLeaves: z.string().regex(DECIMAL),
  root: z.string(),
});

/** The mark in a file of its own. */
export class MarkFile implements Mark {
  readonly #path: string;
  readonly #vkey: string;

  /** @param vkey of the checkpoint key; its name is the origin */
  constructor(folder: string, vkey: string) {
    this.#path = join(folder, MARK_FILE);
    this.#vkey = vkey;
  }

  async read(): Promise<TreeHead | undefined> {
    const content = await readWhole(this.#path);
    if (content === undefined) return undefined;
    const { vkey, head } = parseMark(content, this.#path);
    if (vkey === this.#vkey) return head;
    throw new IntegrityError('KEY_MISMATCH', 'the mark is that of another checkpoint key', {
      path: this.#path,
      vkey,
      expected: this.#vkey,
    });
  }

  async advance(from: TreeHead | undefined, to: TreeHead): Promise<void> {
    const found = await this.read();
    if (!isSameHead(found, from)) refuseMove(found, from);
    // A crash inside leaves `from` or `to`, whole. With `to` there and nothing signed the next publisher signs `to` or
    // what extends it: a head that was marked and never signed forbids nothing that honest growth would do.
    await replaceFile(this.#path, formatMark(this.#vkey, to));
  }
}

/** The mark of a key that lives as long as the process. */
export class MemoryMark implements Mark {
  #head: TreeHead | undefined;

  read(): Promise<TreeHead | undefined> {
    return Promise.resolve(this.#head);
  }

  async advance(from: TreeHead | undefined, to: TreeHead): Promise<void> {
    if (!isSameHead(this.#head, from)) refuseMove(this.#head, from);
    this.#head = to;
  }
}

/**
 * The mark, made where the lineage is empty: the one moment when it is certain that nothing was signed. Called by the
 * publisher before it sequences anything.
 * @throws IntegrityError `MARK_MISSING` where the lineage is not empty and there is no mark: what was signed is not known
 */
export async function requireMark(mark: Mark, lineageIsEmpty: boolean): Promise<TreeHead> {
  const found = await mark.read();
  if (found !== undefined) return found;
  if (!lineageIsEmpty) {
    throw new IntegrityError('MARK_MISSING', 'the lineage is not empty, and there is no mark of what was signed of it');
  }
  const nothing = { sizeLeaves: 0n, root: emptyRoot() };
  // A crash before the first batch leaves a mark of an empty tree beside an empty lineage: found above the next time.
  await mark.advance(undefined, nothing);
  return nothing;
}

/** `true` where both are one head, or neither is there. */
export function isSameHead(left: TreeHead | undefined, right: TreeHead | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.sizeLeaves === right.sizeLeaves && equalBytes(left.root, right.root);
}

function formatMark(vkey: string, { sizeLeaves, root }: TreeHead): Uint8Array {
  return canonicalise({ format: 'writ/mark/v1', vkey, sizeLeaves: String(sizeLeaves), root: toBase64(root) });
}

function parseMark(content: Uint8Array, path: string): { readonly vkey: string; readonly head: TreeHead } {
  try {
    const fields = markSchema.parse(parseCanonical(content, { maxBytes: MAX_BYTES }));
    const head = { sizeLeaves: BigInt(fields.sizeLeaves), root: parseBase64(fields.root, 32) };
    return { vkey: fields.vkey, head };
  } catch (cause) {
    throw new IntegrityError('MARK_MISSING', 'the mark is damaged', { path }, { cause });
  }
}

function refuseMove(found: TreeHead | undefined, expected: TreeHead | undefined): never {
  throw new UnavailableError('PUBLISHER_UNAVAILABLE', 'somebody else moved the mark', {
    found: String(found?.sizeLeaves ?? 'none'),
    expected: String(expected?.sizeLeaves ?? 'none'),
  });
}
