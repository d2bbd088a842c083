import protobuf, { type Field, type Type } from 'protobufjs';

import type { Message } from './decode-message.js';
import { LENGTH_DELIMITED, VARINT, type Bits64 } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

interface FieldPlan {
  readonly name: string;
  readonly tag: number;
  readonly repeated: boolean;
  /** Written even when it is its type's zero. */
  readonly presence: boolean;
  readonly write: (writer: WireWriter, value: unknown) => void;
}

type Plan = readonly FieldPlan[];

/** One for all: encoding is synchronous. */
const writer = new WireWriter();

/**
 * An encoder for one message type, taking plain objects: camelCase names, enums as numbers, 64-bit numbers as number,
 * decimal text or halves. Absent fields and zeros are left out. About a third of what `protobufjs` takes, which makes
 * a list of closures first; answers are a few kilobytes and stand on the path of every decision.
 */
export function createEncoder(type: Type): (message: Message) => Buffer {
  const plan = planOf(type, new Map());
  return (message) => {
    try {
      writeFields(writer, plan, message);
      return writer.finish();
    } catch (error) {
      writer.reset();
      throw error;
    }
  };
}

function writeFields(to: WireWriter, plan: Plan, message: Message): void {
  for (const { name, tag, repeated, presence, write } of plan) {
    const value = message[name];
    if (value === undefined) continue;
    if (repeated) {
      for (const item of value as readonly unknown[]) {
        to.varint(tag);
        write(to, item);
      }
    } else if (presence || !isZero(value)) {
      to.varint(tag);
      write(to, value);
    }
  }
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (value instanceof Uint8Array && value.length === 0);
}

function planOf(type: Type, plans: Map<Type, Plan>): Plan {
  const known = plans.get(type);
  if (known !== undefined) return known;
  const plan: FieldPlan[] = [];
  plans.set(type, plan);
  for (const field of type.fieldsArray) plan.push(fieldPlan(field, plans));
  return plan;
}

function fieldPlan(field: Field, plans: Map<Type, Plan>): FieldPlan {
  field.resolve();
  const { wireType, write } = valuePlan(field, plans);
  if (field.map || (field.repeated && wireType === VARINT)) {
    throw new Error(`no encoder for the field \`${field.fullName}\``);
  }
  return {
    name: field.name,
    tag: (field.id << 3) | wireType,
    repeated: field.repeated,
    presence: field.hasPresence,
    write,
  };
}

function valuePlan(field: Field, plans: Map<Type, Plan>): { wireType: number; write: FieldPlan['write'] } {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Type) {
    const plan = planOf(resolved, plans);
    const write = (to: WireWriter, value: unknown): void => to.nested(() => writeFields(to, plan, value as Message));
    return { wireType: LENGTH_DELIMITED, write };
  }
  if (resolved instanceof protobuf.Enum) return { wireType: VARINT, write: (to, value) => to.varint(value as number) };
  switch (field.type) {
    case 'string':
      return { wireType: LENGTH_DELIMITED, write: (to, value) => to.text(value as string) };
    case 'bytes':
      return { wireType: LENGTH_DELIMITED, write: (to, value) => to.bytes(value as Uint8Array) };
    case 'bool':
      return { wireType: VARINT, write: (to, value) => to.varint(value === true ? 1 : 0) };
    case 'uint32':
    case 'int32':
      return { wireType: VARINT, write: (to, value) => to.varint(value as number) };
    case 'uint64':
    case 'int64':
      return { wireType: VARINT, write: (to, value) => to.varint64(value as number | string | Bits64) };
    default:
      throw new Error(`no encoder for protobuf type \`${field.type}\``);
  }
}
