import type { JsonValue } from '@writ/encoding';
import { POLICY_LIMITS } from '../limits.js';

export type PlainCheck = 'plain' | 'not-plain' | 'too-large';

/**
 * Whether a value is plain JSON within the input limits: own data properties only, no class instance, no `toJSON`, no
 * hole, no accessor (reading one could give one value to the rules and another to the hash). A Proxy that imitates a
 * plain object cannot be told from one here; intents that arrive as text come through `parseJson`.
 */
export function checkPlain(values: readonly unknown[]): PlainCheck {
  let left: number = POLICY_LIMITS.inputWeight;
  const walk = (value: unknown, depth: number): PlainCheck => {
    left -= 8;
    if (typeof value === 'string') left -= value.length;
    if (left < 0 || depth > POLICY_LIMITS.inputDepth) return 'too-large';
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return 'plain';
    if (typeof value === 'number') return Number.isFinite(value) ? 'plain' : 'not-plain';
    if (typeof value !== 'object') return 'not-plain';
    return Array.isArray(value) ? walkArray(value, depth) : walkObject(value, depth);
  };
  const walkArray = (items: readonly unknown[], depth: number): PlainCheck => {
    if (items.length * 8 > left) return 'too-large';
    if (Object.getPrototypeOf(items) !== Array.prototype || Object.keys(items).length !== items.length)
      return 'not-plain';
    for (let index = 0; index < items.length; index += 1) {
      const found = walkMember(items, String(index), depth);
      if (found !== 'plain') return found;
    }
    return 'plain';
  };
  const walkObject = (object: object, depth: number): PlainCheck => {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== null && prototype !== Object.prototype) return 'not-plain';
    const names = Reflect.ownKeys(object);
    if (names.length * 8 > left) return 'too-large';
    for (const name of names) {
      if (typeof name !== 'string' || name === 'toJSON' || name === '__proto__') return 'not-plain';
      left -= name.length;
      const found = walkMember(object, name, depth);
      if (found !== 'plain') return found;
    }
    return 'plain';
  };
  const walkMember = (owner: object, name: string, depth: number): PlainCheck => {
    const property = Object.getOwnPropertyDescriptor(owner, name);
    if (property === undefined || !('value' in property) || !property.enumerable) return 'not-plain';
    return walk(property.value, depth + 1);
  };
  for (const value of values) {
    const found = walk(value, 0);
    if (found !== 'plain') return found;
  }
  return 'plain';
}

/** The member at a path of own properties; `undefined` where there is none. */
export function memberAt(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = value;
  for (const name of path) {
    if (typeof current !== 'object' || current === null || Array.isArray(current)) return undefined;
    if (!Object.hasOwn(current, name)) return undefined;
    current = (current as Readonly<Record<string, JsonValue>>)[name];
  }
  return current;
}
