import { parseBase64, toBase64 } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';

import { parseNote } from './signed-note.js';

/** One entry's inclusion, as one text (C2SP tlog-proof@v1). Nothing of it is verified. */
export interface TlogProof {
  /** 0-based. */
  readonly index: bigint;
  /** Sibling of the leaf first; for the tree of the checkpoint's size. */
  readonly path: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
  /** Whatever came along. Nobody signed it. */
  readonly extra?: Uint8Array;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const HASH_BYTES = 32;
/** No path in a tree of less than 2^63 leaves is longer. */
const MAX_PATH = 63;
const MAX_LENGTH = 2_000_000;
const INDEX = /^index (0|[1-9][0-9]{0,18})$/;

/** Reads a proof in its one spelling, the checkpoint as far as it is a signed note. Throws PROOF_INVALID. */
export function parseTlogProof(text: string): TlogProof {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) refuse('a proof is a text of at most 2,000,000 characters');
  // The first empty line: the lines of a proof are never empty, what follows is not ours to split.
  const end = text.indexOf('\n\n');
  if (end < 0) refuse('an empty line parts the proof from the checkpoint');
  const [header, ...lines] = text.slice(0, end).split('\n');
  if (header !== HEADER) refuse(`a proof begins with \`${HEADER}\``);
  const extra =
    lines[0]?.startsWith('extra ') === true ? decode(lines.shift()?.slice('extra '.length) ?? '') : undefined;
  const index = INDEX.exec(lines.shift() ?? '')?.[1];
  if (index === undefined) refuse('the index of a proof is a decimal number');
  if (lines.length > MAX_PATH) refuse(`a path has at most ${String(MAX_PATH)} hashes`);
  const path = lines.map((line) => decode(line, HASH_BYTES));
  const checkpoint = text.slice(end + 2);
  orRefuse('the checkpoint is not a signed note', () => parseNote(checkpoint));
  return { index: BigInt(index), path, checkpoint, ...(extra === undefined ? {} : { extra }) };
}

/** The proof, exactly as `parseTlogProof` reads it. Throws PROOF_INVALID where it would not. */
export function formatTlogProof({ index, path, checkpoint, extra }: TlogProof): string {
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${String(index)}`,
    ...path.map((hash) => toBase64(hash)),
  ];
  const text = `${lines.join('\n')}\n\n${checkpoint}`;
  parseTlogProof(text);
  return text;
}

function decode(text: string, lengthBytes?: number): Uint8Array {
  return orRefuse('a line is not base64 in its one spelling', () => parseBase64(text, lengthBytes));
}

function orRefuse<T>(message: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new RejectedError('PROOF_INVALID', message, {}, { cause });
  }
}

function refuse(message: string): never {
  throw new RejectedError('PROOF_INVALID', message);
}
