import { canonicalText, quotedName, sortByCodeUnits, textOfString, type CanonicalOptions } from './canonical.js';
import { depthLimit, isUnsafeInteger } from './json-value.js';
import { utf8OfWellFormed } from './utf8.js';

/**
 * As `canonicalise`, in half the time, for a value that this process has built itself out of literals and of what a JSON
 * parser returned. What such a value cannot be is not looked for: an accessor, an instance of a class, a sparse array, a
 * symbol or hidden property. Everything else is refused as ever. Never for a value that a caller handed over.
 */
export function canonicaliseOwn(value: unknown, options: CanonicalOptions = {}): Uint8Array {
  return utf8OfWellFormed(canonicalTextOfOwn(value, options));
}

/** As `canonicaliseOwn`, as text. */
export function canonicalTextOfOwn(value: unknown, options: CanonicalOptions = {}): string {
  // The careful walk says what is wrong, and where.
  return textOfOwn(value, depthLimit(options.maxDepth)) ?? canonicalText(value, options);
}

/** `undefined`: something in it has no canonical form. */
function textOfOwn(value: unknown, depthLeft: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return textOfString(value);
    case 'number':
      return Number.isFinite(value) && !isUnsafeInteger(value) ? String(value) : undefined;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depthLeft <= 0) return undefined;
      return Array.isArray(value) ? textOfArray(value, depthLeft - 1) : textOfObject(value, depthLeft - 1);
    default:
      return undefined;
  }
}

function textOfArray(array: readonly unknown[], depthLeft: number): string | undefined {
  let text = '[';
  for (let at = 0; at < array.length; at++) {
    const item = textOfOwn(array[at], depthLeft);
    if (item === undefined) return undefined;
    text += at > 0 ? `,${item}` : item;
  }
  return `${text}]`;
}

function textOfObject(object: object, depthLeft: number): string | undefined {
  const names = sortByCodeUnits(Object.keys(object));
  let text = '{';
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const quoted = quotedName(name);
    const value = textOfOwn((object as Readonly<Record<string, unknown>>)[name], depthLeft);
    if (quoted === undefined || value === undefined) return undefined;
    text += at > 0 ? `,${quoted}${value}` : quoted + value;
  }
  return `${text}}`;
}
