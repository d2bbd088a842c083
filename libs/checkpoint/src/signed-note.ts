import { concatBytes, parseBase64, parseHex, textOf, toBase64, toHex, utf8 } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';

import { isKeyName } from './verifier-key.js';

/** One signature line: who claims to have signed, and the bytes after the key id. Nothing of it is verified. */
export interface NoteSignature {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** At least one byte; what it means depends on the key. */
  readonly signature: Uint8Array;
}

/** A note as C2SP signed-note defines it. */
export interface SignedNote {
  /** What is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** More lines than any honest log and its witnesses have; readers must take at least 16. */
export const MAX_SIGNATURES = 64;
/** In UTF-16 code units and in bytes. */
const MAX_NOTE_LENGTH = 1_000_000;
const KEY_ID_BYTES = 4;
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const LINE = /^\u2014 ([^ ]+) ([^ ]+)$/u;

/**
 * Reads a note in its one spelling: UTF-8 without control characters but the newline, the text, an empty line (the last
 * one), 1 to 64 signature lines. Throws NOTE_INVALID.
 */
export function parseNote(note: string | Uint8Array): SignedNote {
  const whole = wellFormed(note);
  if (CONTROL.test(whole)) refuse('a note holds no control characters but newlines');
  // The text may hold empty lines of its own; signature lines never do.
  const end = whole.lastIndexOf('\n\n');
  if (end < 0) refuse('no empty line parts the text from its signatures');
  return { text: whole.slice(0, end + 1), signatures: parseSignatureLines(whole.slice(end + 2)) };
}

/** Reads 1 to 64 signature lines, each ended by a newline: what follows a text, and what a witness answers. Throws NOTE_INVALID. */
export function parseSignatureLines(lines: string): NoteSignature[] {
  if (typeof lines !== 'string' || !lines.endsWith('\n'))
    refuse('a note has at least one signature, and its last line ends in a newline');
  const split = lines.slice(0, -1).split('\n');
  if (split.length > MAX_SIGNATURES) refuse(`a note has at most ${String(MAX_SIGNATURES)} signatures`);
  return split.map(parseLine);
}

/** The note, exactly as `parseNote` reads it. Throws NOTE_INVALID where it would not. */
export function formatNote({ text, signatures }: SignedNote): string {
  if (!text.endsWith('\n')) refuse('the text of a note ends in a newline');
  const note = `${text}\n${formatSignatureLines(signatures)}`;
  parseNote(note);
  return note;
}

/** The signature lines alone, exactly as `parseSignatureLines` reads them. Throws NOTE_INVALID where it would not. */
export function formatSignatureLines(signatures: readonly NoteSignature[]): string {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const bytes = concatBytes(parseHex(keyId, KEY_ID_BYTES), signature);
    return `\u2014 ${name} ${toBase64(bytes)}\n`;
  });
  const text = lines.join('');
  parseSignatureLines(text);
  return text;
}

function parseLine(line: string): NoteSignature {
  const [, name = '', encoded = ''] = LINE.exec(line) ?? [];
  if (!isKeyName(name)) refuse('a signature line is an em dash, a key name and base64, with one space between');
  const bytes = decoded(encoded);
  if (bytes.length <= KEY_ID_BYTES) refuse('a signature has at least one byte after the id of its key');
  return { name, keyId: toHex(bytes.subarray(0, KEY_ID_BYTES)), signature: bytes.slice(KEY_ID_BYTES) };
}

function decoded(encoded: string): Uint8Array {
  return orRefuse('a signature is not base64 in its one spelling', () => parseBase64(encoded));
}

function wellFormed(note: string | Uint8Array): string {
  if (typeof note !== 'string' && !(note instanceof Uint8Array)) refuse('a note is a text or its bytes');
  if (note.length > MAX_NOTE_LENGTH) refuse('the note is longer than 1,000,000 bytes');
  return orRefuse('a note is UTF-8', () => {
    if (typeof note !== 'string') return textOf(note);
    utf8(note);
    return note;
  });
}

function orRefuse<T>(message: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new RejectedError('NOTE_INVALID', message, {}, { cause });
  }
}

function refuse(message: string): never {
  throw new RejectedError('NOTE_INVALID', message);
}
