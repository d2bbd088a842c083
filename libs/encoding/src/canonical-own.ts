import { canonicalText, quotedName, sortByCodeUnits, type CanonicalOptions } from './canonical.js';
import { depthLimit, isForbiddenName, isUnsafeInteger } from './json-value.js';
import { utf8OfWellFormed } from './utf8.js';

/**
 * As `canonicalise`, in half the time, for a value that this process has built itself out of literals and of what a JSON
 * parser returned. What such a value cannot be is not looked for: an accessor, an instance of a class, a sparse array, a
 * symbol or hidden property. Everything else is refused as ever. Never for a value that a caller handed over.
 */
export function canonicaliseOwn(value: unknown, options: CanonicalOptions = {}): Uint8Array {
  return utf8OfWellFormed(canonicalTextOfOwn(value, options));
}

/**
 * As `canonicaliseOwn`, as text. The platform writes it (its spelling of strings and numbers is RFC 8785's, section
 * 3.2.2), once the names stand in order and nothing is left that it would drop or convert.
 */
export function canonicalTextOfOwn(value: unknown, options: CanonicalOptions = {}): string {
  const sorted = sortedForm(value, depthLimit(options.maxDepth));
  const text = sorted === NONE ? undefined : JSON.stringify(sorted);
  // The careful walk says what is wrong, and where.
  return text === undefined || NEEDS_CARE.test(text) ? canonicalText(value, options) : text;
}

/**
 * Something that only the careful walk can judge: a character beyond U+D7FF, or the escape that the platform writes for
 * a lone surrogate.
 */
const NEEDS_CARE = /[\ud800-\uffff]|\\ud/;

/** The value has no canonical form. */
const NONE = Symbol('none');

/** The same value with all names in order: itself where they are, for that is what most parts of most values are. */
function sortedForm(value: unknown, depthLeft: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !isUnsafeInteger(value) ? value : NONE;
    case 'object':
      if (value === null) return value;
      if (depthLeft <= 0) return NONE;
      return Array.isArray(value) ? sortedArray(value, depthLeft - 1) : sortedObject(value as Members, depthLeft - 1);
    default:
      return NONE;
  }
}

type Members = Record<string, unknown>;

function sortedArray(array: readonly unknown[], depthLeft: number): unknown {
  let copy: unknown[] | undefined;
  for (let at = 0; at < array.length; at++) {
    const item = array[at];
    const sorted = sortedForm(item, depthLeft);
    if (sorted === NONE) return NONE;
    if (sorted !== item) (copy ??= [...array])[at] = sorted;
  }
  return copy ?? array;
}

function sortedObject(object: Members, depthLeft: number): unknown {
  let last = '';
  let changed = false;
  for (const name in object) {
    if (name < last || isForbiddenName(name)) return sortedCopy(object, depthLeft);
    last = name;
    const member = object[name];
    const sorted = sortedForm(member, depthLeft);
    if (sorted === NONE) return NONE;
    changed ||= sorted !== member;
  }
  return changed ? sortedCopy(object, depthLeft) : object;
}

function sortedCopy(object: Members, depthLeft: number): unknown {
  const copy: Members = {};
  for (const name of sortByCodeUnits(Object.keys(object))) {
    if (quotedName(name) === undefined) return NONE;
    const sorted = sortedForm(object[name], depthLeft);
    // A name that reads as an array index would not stay where it is put.
    if (sorted === NONE || isIndex(name)) return NONE;
    copy[name] = sorted;
  }
  return copy;
}

function isIndex(name: string): boolean {
  const unit = name.charCodeAt(0);
  return unit >= 0x30 && unit <= 0x39;
}
