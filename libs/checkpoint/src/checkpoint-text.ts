import { parseBase64, toBase64 } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';

/** The state of a log at one size: the text of a note (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** The log's identity; not empty, one line. */
  readonly origin: string;
  readonly sizeLeaves: bigint;
  /** 32 bytes. */
  readonly rootHash: Uint8Array;
  /** Lines after the root. Ours have none, and readers refuse them unless they are asked for. */
  readonly extensions: readonly string[];
}

export interface CheckpointOptions {
  /** `true` lets extension lines through. Not all kinds of cosignatures cover them. */
  readonly allowExtensions?: boolean;
}

const ROOT_BYTES = 32;
const SIZE_LIMIT = 1n << 64n;
const DECIMAL = /^(?:0|[1-9][0-9]{0,19})$/;

/**
 * Reads the text of a note as a checkpoint in its one spelling. Throws CHECKPOINT_INVALID, and CHECKPOINT_EXTENDED
 * for extension lines that were not asked for. It does not say who signed (`verifyCheckpoint`).
 */
export function parseCheckpoint(text: string, { allowExtensions = false }: CheckpointOptions = {}): Checkpoint {
  if (typeof text !== 'string' || !text.endsWith('\n')) refuse('a checkpoint ends in a newline');
  const [origin = '', size, root, ...extensions] = text.slice(0, -1).split('\n');
  if (size === undefined || root === undefined) refuse('a checkpoint has an origin, a size and a root');
  if (origin === '' || extensions.includes('')) refuse('no line of a checkpoint is empty');
  if (extensions.length > 0 && !allowExtensions) {
    throw new RejectedError('CHECKPOINT_EXTENDED', 'the checkpoint has extension lines', { lines: extensions.length });
  }
  return { origin, sizeLeaves: parseSize(size), rootHash: parseRoot(root), extensions };
}

/** The text of the note that is signed: exactly what `parseCheckpoint` reads. Throws CHECKPOINT_INVALID where it would not. */
export function formatCheckpoint({ origin, sizeLeaves, rootHash, extensions }: Checkpoint): string {
  const lines = [origin, String(sizeLeaves), toBase64(rootHash), ...extensions];
  if (lines.some((line) => line.includes('\n'))) refuse('no line of a checkpoint holds a newline');
  const text = `${lines.join('\n')}\n`;
  parseCheckpoint(text, { allowExtensions: true });
  return text;
}

function parseSize(text: string): bigint {
  if (!DECIMAL.test(text) || BigInt(text) >= SIZE_LIMIT) refuse('a size is a decimal number below 2^64');
  return BigInt(text);
}

function parseRoot(text: string): Uint8Array {
  try {
    return parseBase64(text, ROOT_BYTES);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new RejectedError('CHECKPOINT_INVALID', 'a root is base64 of 32 bytes', {}, { cause });
  }
}

function refuse(message: string): never {
  throw new RejectedError('CHECKPOINT_INVALID', message);
}
