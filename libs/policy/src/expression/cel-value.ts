import { celList, celMap, type CelInput } from '@bufbuild/cel';
import { reflect } from '@bufbuild/protobuf/reflect';
import { TimestampSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { JsonValue } from '@writ/encoding';

/**
 * A JSON value as CEL sees it: integers in the safe range become `int`, every other number `double`, objects become
 * maps of strings, null stays null. The value must already be known to be plain.
 */
export function celFromJson(value: JsonValue): CelInput {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) return celList(value.map(celFromJson));
  const members = new StringKeyedMap();
  for (const name of Object.keys(value)) members.set(name, celFromJson(value[name] ?? null));
  return celMap(members);
}

/** A CEL map from names to values. */
export function celRecord(members: Iterable<readonly [string, CelInput]>): CelInput {
  return celMap(new StringKeyedMap(members));
}

/** An instant as a CEL timestamp; reflected here once, where the library would do it at every use. */
export function celTimestamp(ms: number): CelInput {
  return reflect(TimestampSchema, timestampFromMs(ms));
}

/** Looked up with a number, the library's map walks over all its keys; this one has no such keys and says so. */
class StringKeyedMap extends Map<string, CelInput> {
  override get(name: string): CelInput | undefined {
    if (typeof name !== 'string') throw new Error('type: a JSON object has only names');
    return super.get(name);
  }
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
