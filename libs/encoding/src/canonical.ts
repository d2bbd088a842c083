import { RejectedError } from '@writ/errors';

import { excerpt } from './excerpt.js';
import { depthLimit, invalidCodeUnitAt, isForbiddenName, isUnsafeInteger } from './json-value.js';
import { utf8OfWellFormed } from './utf8.js';

export interface CanonicalOptions {
  /** Cap on nesting, 0 to 128; 32 when absent. */
  readonly maxDepth?: number;
}

/**
 * The canonical form of `value` (RFC 8785) as UTF-8.
 *
 * Accepts exactly what `parseJson` can return, so that everything canonicalised can be read back: null, booleans,
 * finite numbers (no integer between 2^53 and 1e21), strings without lone surrogates and noncharacters, dense arrays
 * and plain objects with enumerable data members. `toJSON` is never called, nothing is dropped or converted.
 * Throws RejectedError JSON_UNREPRESENTABLE or JSON_DEPTH; `details.path` is a JSON pointer.
 */
export function canonicalise(value: unknown, options: CanonicalOptions = {}): Uint8Array {
  return utf8OfWellFormed(canonicalText(value, options));
}

/** As `canonicalise`, as text. */
export function canonicalText(value: unknown, options: CanonicalOptions = {}): string {
  const place: Place = { maxDepth: depthLimit(options.maxDepth), ancestors: [], names: [] };
  try {
    return textOfValue(value, '', place);
  } catch (cause) {
    if (cause instanceof RejectedError) throw cause;
    // Only a Proxy can throw here: a revoked one, or one with a throwing trap.
    throw new RejectedError('JSON_UNREPRESENTABLE', 'the value cannot be read', {}, { cause });
  }
}

/** Where the walk stands: the containers that are open, and the member names that led to them. */
interface Place {
  readonly maxDepth: number;
  readonly ancestors: object[];
  readonly names: string[];
}

function textOfValue(value: unknown, name: string, place: Place): string {
  switch (typeof value) {
    case 'string':
      return textOfString(value) ?? refuse('a string with a lone surrogate or a noncharacter', name, place);
    case 'number':
      if (!Number.isFinite(value)) refuse('a number that is not finite', name, place);
      if (isUnsafeInteger(value)) refuse('an integer beyond 2^53 - 1', name, place);
      return String(value); // RFC 8785 section 3.2.2.3 is ECMAScript's own algorithm
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : textOfContainer(value, name, place);
    case 'undefined':
    case 'function':
    case 'symbol':
    case 'bigint':
      return refuse(`a value of type \`${typeof value}\``, name, place);
  }
}

function textOfContainer(container: object, name: string, place: Place): string {
  const { ancestors, names } = place;
  if (ancestors.includes(container)) refuse('a cycle', name, place);
  if (ancestors.length >= place.maxDepth) {
    throw new RejectedError('JSON_DEPTH', `nested deeper than ${String(place.maxDepth)}`, {
      path: pointerTo(name, place),
    });
  }
  ancestors.push(container);
  names.push(name);
  const text = Array.isArray(container) ? textOfArray(container, place) : textOfObject(container, place);
  ancestors.pop();
  names.pop();
  return text;
}

function textOfArray(array: readonly unknown[], place: Place): string {
  if (Object.getPrototypeOf(array) !== Array.prototype && !isForeignArray(array))
    refuseHere('a subclass of Array', place);
  // `length` itself is the one own name beyond the items: a hole or an extra property changes the count.
  if (Reflect.ownKeys(array).length !== array.length + 1) refuseHere('a sparse array, or one with properties', place);
  let text = '[';
  for (let index = 0; index < array.length; index++) {
    if (index > 0) text += ',';
    text += textOfValue(dataOf(array, String(index), place), String(index), place);
  }
  return `${text}]`;
}

function textOfObject(object: object, place: Place): string {
  if (!isPlain(object)) refuseHere('an instance of a class', place);
  const names = Object.keys(object);
  if (Reflect.ownKeys(object).length !== names.length) refuseHere('a symbol or a hidden property', place);
  // RFC 8785 section 3.2.3: by UTF-16 code units, which is the default order.
  sortByCodeUnits(names);
  let text = '{';
  for (const name of names) {
    const quoted = quotedName(name);
    if (quoted === undefined) refuse('a name that I-JSON or this ledger refuses', name, place);
    const value = textOfValue(dataOf(object, name, place), name, place);
    text += text.length > 1 ? `,${quoted}${value}` : quoted + value;
  }
  return `${text}}`;
}

/** The value of an own data property; getters are refused, not run, because they may answer differently twice. */
function dataOf(container: object, name: string, place: Place): unknown {
  const property = Object.getOwnPropertyDescriptor(container, name);
  if (property === undefined || !('value' in property)) refuse('an accessor', name, place);
  return property.value;
}

const NEEDS_CARE = /["\\\u0000-\u001f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/;

/** RFC 8785 section 3.2.2.2, which is ECMAScript's own quoting; `undefined` for what no I-JSON string may hold. */
export function textOfString(text: string): string | undefined {
  if (!NEEDS_CARE.test(text)) return `"${text}"`;
  return invalidCodeUnitAt(text) === -1 ? JSON.stringify(text) : undefined;
}

const MOST_SORTED_BY_INSERTION = 32;

/** Sorts in place. By insertion where there are few, since the platform's way copies them first; most are in order already. */
export function sortByCodeUnits(names: string[]): string[] {
  if (names.length > MOST_SORTED_BY_INSERTION) return names.sort();
  for (let next = 1; next < names.length; next++) {
    const name = names[next] as string;
    let at = next;
    for (; at > 0 && (names[at - 1] as string) > name; at--) names[at] = names[at - 1] as string;
    names[at] = name;
  }
  return names;
}

/** Names of members are few and come again with every event. */
const quotedNames = new Map<string, string>();
const MAX_QUOTED_NAMES = 1_024;

/** A member's name with its colon; `undefined` for one that I-JSON or this ledger refuses. */
export function quotedName(name: string): string | undefined {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  const text = isForbiddenName(name) ? undefined : textOfString(name);
  if (text === undefined) return undefined;
  const quoted = `${text}:`;
  if (quotedNames.size < MAX_QUOTED_NAMES && name.length <= 64) quotedNames.set(name, quoted);
  return quoted;
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null || isRootPrototype(prototype);
}

/** `Object.prototype` of another realm (a worker's message, a test's sandbox). */
function isRootPrototype(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'isPrototypeOf')
  );
}

/** An array of another realm: its prototype is an array, whose prototype is that realm's `Object.prototype`. */
function isForeignArray(array: readonly unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(array);
  return (
    Array.isArray(prototype) && isRootPrototype(Object.getPrototypeOf(prototype)) && Object.hasOwn(prototype, 'concat')
  );
}

function refuse(what: string, name: string, place: Place): never {
  throw new RejectedError('JSON_UNREPRESENTABLE', `${what} has no I-JSON form`, { path: pointerTo(name, place) });
}

/** As `refuse`, for the container that is open. */
function refuseHere(what: string, place: Place): never {
  throw new RejectedError('JSON_UNREPRESENTABLE', `${what} has no I-JSON form`, { path: pointer(place.names) });
}

function pointerTo(name: string, place: Place): string {
  return pointer([...place.names, name]);
}

/** RFC 6901; the first name belongs to the root, which has none. */
function pointer(names: readonly string[]): string {
  return names
    .slice(1)
    .map((name) => `/${excerpt(name).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
