import protobuf, { type Enum, type Field, type FieldBase, type MapField, type Type } from 'protobufjs';

import { LENGTH_DELIMITED, refuse, VARINT, WireReader } from './wire-reader.js';

/** A decoded message: camelCase names, defaults filled in, fields with presence left out where absent. */
export type Message = Record<string, unknown>;

interface FieldPlan {
  readonly name: string;
  readonly repeated: boolean;
  readonly wireType: number;
  read(reader: WireReader, path: string): unknown;
  /** Of a map: reads one entry into the object. */
  readonly readEntry?: (reader: WireReader, path: string, target: Record<string, unknown>) => void;
  /** What stands there when the field does not; `undefined` for fields with presence. */
  absent(): unknown;
}

type Plan = readonly (FieldPlan | undefined)[];

/** A length-delimited value of length zero. */
const EMPTY_VALUE = Buffer.from([0]);

/**
 * A strict decoder for one message type. `protobufjs` takes any wire type for any field, replaces ill-formed UTF-8
 * and lets a later value win over an earlier one; a request that is hashed and signed must mean one thing only.
 * Fields of a newer protocol are skipped, as protobuf asks. Throws REQUEST_INVALID naming the field.
 */
export function createDecoder(type: Type): (bytes: Buffer) => Message {
  const plans = new Map<Type, Plan>();
  const plan = planOf(type, plans);
  return (bytes) => decode(new WireReader(bytes), plan, '');
}

function decode(reader: WireReader, plan: Plan, parent: string): Message {
  const message: Message = {};
  while (reader.at < reader.end) {
    const tag = reader.readUint32(parent === '' ? 'message' : parent);
    if (tag < 8) refuse(parent === '' ? 'message' : parent, 'holds an impossible field number');
    const wireType = tag & 7;
    const field = plan[tag >>> 3];
    if (field === undefined) {
      reader.skip(wireType, `${parent === '' ? 'message' : parent} field ${String(tag >>> 3)}`);
      continue;
    }
    const path = parent === '' ? field.name : `${parent}.${field.name}`;
    if (wireType !== field.wireType) refuse(path, 'has the wrong type');
    if (field.readEntry !== undefined) {
      field.readEntry(reader, path, (message[field.name] ??= Object.create(null)) as Record<string, unknown>);
    } else if (field.repeated) {
      const items = (message[field.name] ??= []) as unknown[];
      items.push(field.read(reader, `${path}[${String(items.length)}]`));
    } else {
      if (message[field.name] !== undefined) refuse(path, 'is given twice');
      message[field.name] = field.read(reader, path);
    }
  }
  for (const field of plan) {
    if (field !== undefined && message[field.name] === undefined) {
      const value = field.absent();
      if (value !== undefined) message[field.name] = value;
    }
  }
  return message;
}

function planOf(type: Type, plans: Map<Type, Plan>): Plan {
  const known = plans.get(type);
  if (known !== undefined) return known;
  const plan: (FieldPlan | undefined)[] = [];
  plans.set(type, plan);
  for (const field of type.fieldsArray) {
    plan[field.id] = field instanceof protobuf.MapField ? mapPlan(field, plans) : fieldPlan(field, plans);
  }
  return plan;
}

function fieldPlan(field: Field, plans: Map<Type, Plan>): FieldPlan {
  field.resolve();
  const { wireType, read, zero } = valuePlan(field, plans);
  // Packed numbers would need another reading; no request has a repeated number, only repeated enums.
  const repeatedEnum = field.repeated && wireType === VARINT;
  return {
    name: field.name,
    repeated: field.repeated && !repeatedEnum,
    wireType: repeatedEnum ? LENGTH_DELIMITED : wireType,
    read: repeatedEnum ? packed(read) : read,
    absent: () => {
      if (field.repeated) return [];
      return field.hasPresence ? undefined : zero();
    },
  };
}

function packed(read: FieldPlan['read']): FieldPlan['read'] {
  return (reader, path) => {
    const end = reader.readEnd(path);
    const inner = new WireReader(reader.bytes, reader.at, end);
    const items: unknown[] = [];
    while (inner.at < end) items.push(read(inner, `${path}[${String(items.length)}]`));
    reader.at = end;
    return items;
  };
}

interface ValuePlan {
  readonly wireType: number;
  readonly read: FieldPlan['read'];
  readonly zero: () => unknown;
}

function valuePlan(field: FieldBase, plans: Map<Type, Plan>): ValuePlan {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Enum) return { wireType: VARINT, read: enumReader(resolved), zero: () => 0 };
  if (resolved instanceof protobuf.Type) {
    const plan = planOf(resolved, plans);
    const read = (reader: WireReader, path: string): Message => {
      const end = reader.readEnd(path);
      const message = decode(new WireReader(reader.bytes, reader.at, end), plan, path);
      reader.at = end;
      return message;
    };
    return { wireType: LENGTH_DELIMITED, read, zero: () => undefined };
  }
  switch (field.type) {
    case 'string':
      return { wireType: LENGTH_DELIMITED, read: (reader, path) => reader.readText(path), zero: () => '' };
    case 'bytes':
      return {
        wireType: LENGTH_DELIMITED,
        read: (reader, path) => reader.readBytes(path),
        zero: () => new Uint8Array(0),
      };
    case 'bool':
      return { wireType: VARINT, read: readBool, zero: () => false };
    case 'uint32':
    case 'int32':
      return { wireType: VARINT, read: readNumber32, zero: () => 0 };
    case 'uint64':
    case 'int64':
      return {
        wireType: VARINT,
        read: (reader, path) => reader.readUint64(path),
        zero: () => ({ low: 0, high: 0 }),
      };
    default:
      throw new Error(`no strict reader for protobuf type \`${field.type}\``);
  }
}

function enumReader(type: Enum): FieldPlan['read'] {
  return (reader, path) => {
    const value = reader.readUint32(path);
    if (!(value in type.valuesById)) refuse(path, 'is no value of its enumeration');
    return value;
  };
}

function readBool(reader: WireReader, path: string): boolean {
  const value = reader.readUint32(path);
  if (value !== 0 && value !== 1) refuse(path, 'is neither true nor false');
  return value === 1;
}

/** No request has a field that may be negative: the nanoseconds of a Timestamp are never. */
function readNumber32(reader: WireReader, path: string): number {
  const value = reader.readUint32(path);
  if (value < 0) refuse(path, 'is out of range');
  return value;
}

function mapPlan(field: MapField, plans: Map<Type, Plan>): FieldPlan {
  field.resolve();
  if (field.keyType !== 'string') throw new Error(`no strict reader for map keys of type \`${field.keyType}\``);
  const { wireType, read, zero } = valuePlan(field, plans);
  const readEntry = (reader: WireReader, path: string, target: Record<string, unknown>): void => {
    const end = reader.readEnd(path);
    const entry = new WireReader(reader.bytes, reader.at, end);
    let key = '';
    let value: unknown;
    while (entry.at < end) {
      const tag = entry.readUint32(path);
      if (tag === ((1 << 3) | LENGTH_DELIMITED)) key = entry.readText(path);
      else if (tag === ((2 << 3) | wireType)) value = read(entry, `${path}.${key}`);
      else refuse(path, 'holds a malformed entry');
    }
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') refuse(path, 'holds a forbidden name');
    if (key in target) refuse(path, 'holds the same name twice');
    target[key] = value ?? zero() ?? read(new WireReader(EMPTY_VALUE), path);
    reader.at = end;
  };
  return {
    name: field.name,
    repeated: false,
    wireType: LENGTH_DELIMITED,
    read: () => undefined,
    readEntry,
    absent: () => Object.create(null) as unknown,
  };
}
