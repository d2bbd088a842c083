import { readFile } from 'node:fs/promises';
import { parseDuration, parseHex, parseInstant, parseJson, type JsonObject, type JsonValue } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

const MAX_INPUT_BYTES = 64 * 1024 * 1024;

/** The text of a file; `-` is standard input. @throws UsageError */
export async function readText(world: World, path: string): Promise<string> {
  if (path === '-') return world.readStdin();
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new UsageError(`\`${path}\` cannot be read (${code})`, { cause });
  }
}

/** Strict JSON (docs/spec/json.md) from a text that `what` names. @throws UsageError */
export function readJson(text: string, what: string): JsonValue {
  return usable(what, () => parseJson(text, { maxBytes: MAX_INPUT_BYTES, maxDepth: 128 }));
}

/** JSON that is written out, or `@<file>` that holds it. @throws UsageError */
export async function readJsonArgument(world: World, argument: string, what: string): Promise<JsonValue> {
  const text = argument.startsWith('@') ? await readText(world, argument.slice(1)) : argument;
  return readJson(text, what);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value where it is a text, else nothing. */
export function textIn(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** @throws UsageError */
export function readDuration(text: string, option: string): number {
  return usable(option, () => parseDuration(text));
}

/** An instant, or a duration that reaches back from now. @throws UsageError */
export function readMoment(text: string, option: string, nowMs: number): number {
  return usable(option, () => (/^[0-9]+(ms|s|m|h|d)$/.test(text) ? nowMs - parseDuration(text) : instantOf(text)));
}

/** 16 bytes in hex. @throws UsageError */
export function readHolder(text: string): Uint8Array {
  return usable('--holder', () => parseHex(text, 16));
}

/** Seconds and minutes may be left out; the stored form is stricter. */
function instantOf(text: string): number {
  const full = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00.000Z` : text.replace(/(:\d{2})Z$/, '$1.000Z');
  return parseInstant(full);
}

function usable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    const { line, column } = cause.details;
    const place = typeof line === 'number' && typeof column === 'number' ? `, line ${line} column ${column}` : '';
    throw new UsageError(`${what}: ${cause.message} (${cause.code}${place})`, { cause });
  }
}
