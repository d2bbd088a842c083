import { canonicalText, type JsonObject } from '@writ/encoding';

/**
 * The parameters as their canonical text says them, frozen to the bottom: what is committed to, admitted and run are one
 * value, whatever the caller does to its own object meanwhile. Throws JSON_* where they have no I-JSON form.
 */
export function frozenCopy<T extends object>(parameters: T): T & JsonObject {
  // Our own canonical text: what the lax parser would let through cannot be in it.
  return freeze(JSON.parse(canonicalText(parameters)) as T & JsonObject);
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}
