import { formatInstant } from '@writ/encoding';

/** Members that hold somebody else's JSON: told as they are. */
const FOREIGN = new Set(['obligations', 'diagnostics', 'document', 'result', 'details', 'changes', 'data']);
const INSTANT = /(?:At|Until|From|To)Ms$/;

/**
 * An answer as JSON, in the form that HTTP has too: instants in RFC 3339 under their name without `Ms`, 64-bit numbers
 * as decimal strings, what is hashed or signed as the exact text.
 */
export function jsonForm(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(jsonForm);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.map(([name, member]: [string, unknown]) => {
      if (FOREIGN.has(name)) return [name, member];
      if (INSTANT.test(name) && typeof member === 'number') return [name.slice(0, -2), formatInstant(member)];
      return [name, jsonForm(member)];
    }),
  );
}
