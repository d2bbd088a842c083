import { parseInstant, type JsonValue } from '@writ/encoding';
import { z } from 'zod';
import type { ScalarShape, SignalShape } from '../document/policy-document.js';
import type { ReasonCode } from './evaluation.js';

/** Compiles a signal's declaration to the zod schema that its values must pass. */
export function signalSchema(shape: SignalShape): z.ZodType {
  if (shape.type === 'list') return z.array(scalarSchema(shape.items)).max(shape.maxItems);
  return scalarSchema(shape);
}

/** The reason code for a value that its schema refuses; `undefined` where it passes. */
export function refusalOf(schema: z.ZodType, value: JsonValue): ReasonCode | undefined {
  const result = schema.safeParse(value);
  if (result.success) return undefined;
  switch (result.error.issues[0]?.code) {
    case 'too_small':
    case 'too_big':
      return 'SIGNAL_RANGE';
    case 'invalid_value':
      return typeof value === 'string' || Array.isArray(value) ? 'SIGNAL_ENUM' : 'SIGNAL_TYPE';
    default:
      return 'SIGNAL_TYPE';
  }
}

function scalarSchema(shape: ScalarShape): z.ZodType {
  switch (shape.type) {
    case 'int':
      return bounded(z.int(), shape);
    case 'double':
      return bounded(z.number(), shape);
    case 'string':
      return z.string().max(shape.maxLength);
    case 'bool':
      return z.boolean();
    case 'enum':
      return z.enum(shape.values as [string, ...string[]]);
    case 'timestamp':
      return z.string().refine(isInstant);
  }
}

function bounded<T extends z.ZodNumber>(
  schema: T,
  { min, max }: { readonly min?: number; readonly max?: number },
): z.ZodType {
  const from = min === undefined ? schema : schema.min(min);
  return max === undefined ? from : from.max(max);
}

function isInstant(text: string): boolean {
  try {
    parseInstant(text);
    return true;
  } catch {
    return false;
  }
}
