import { parseBase64, textOf, toBase64 } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';

import { parseNote } from './signed-note.js';

/** What a log sends to a witness (C2SP tlog-witness, `add-checkpoint`). Nothing of it is verified. */
export interface AddCheckpointRequest {
  /** Leaves of the tree from which the path leads; 0 where the witness should not know the log yet. */
  readonly oldSizeLeaves: bigint;
  /** Consistency path from there to the checkpoint, 0 to 63 hashes. */
  readonly path: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
}

const HASH_BYTES = 32;
const MAX_PATH = 63;
/** In UTF-16 code units and in bytes: a note with more signatures than any log has. */
const MAX_LENGTH = 131_072;
const SIZE_LIMIT = 1n << 64n;
const OLD = /^old (0|[1-9][0-9]{0,19})$/;

/**
 * Reads a request in its one spelling: `old <size>`, one line of base64 for each hash, an empty line, the checkpoint.
 * Throws REQUEST_INVALID; NOTE_INVALID where the checkpoint is not a signed note.
 */
export function parseAddCheckpoint(body: string | Uint8Array): AddCheckpointRequest {
  const text = wellFormed(body);
  // The first empty line: those before it are never empty, what follows is not ours to split.
  const end = text.indexOf('\n\n');
  if (end < 0) refuse('an empty line parts the path from the checkpoint');
  const [first = '', ...lines] = text.slice(0, end).split('\n');
  const old = OLD.exec(first)?.[1];
  if (old === undefined || BigInt(old) >= SIZE_LIMIT) refuse('the first line is `old` and a decimal number below 2^64');
  if (lines.length > MAX_PATH) refuse(`a path has at most ${String(MAX_PATH)} hashes`);
  const path = lines.map((line) => orRefuse('a hash is base64 of 32 bytes', () => parseBase64(line, HASH_BYTES)));
  const checkpoint = text.slice(end + 2);
  parseNote(checkpoint);
  return { oldSizeLeaves: BigInt(old), path, checkpoint };
}

/** The request, exactly as `parseAddCheckpoint` reads it. Throws as that where it would not. */
export function formatAddCheckpoint({ oldSizeLeaves, path, checkpoint }: AddCheckpointRequest): string {
  const lines = [`old ${String(oldSizeLeaves)}`, ...path.map((hash) => toBase64(hash))];
  const text = `${lines.join('\n')}\n\n${checkpoint}`;
  parseAddCheckpoint(text);
  return text;
}

function wellFormed(body: string | Uint8Array): string {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) refuse('a request is a text or its bytes');
  if (body.length > MAX_LENGTH) refuse('the request is longer than 131,072 bytes');
  return typeof body === 'string' ? body : orRefuse('a request is UTF-8', () => textOf(body));
}

function orRefuse<T>(message: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new RejectedError('REQUEST_INVALID', message, {}, { cause });
  }
}

function refuse(message: string): never {
  throw new RejectedError('REQUEST_INVALID', message);
}
