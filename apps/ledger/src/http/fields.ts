import { parseBase64, parseInstant, type JsonObject, type JsonValue } from '@writ/encoding';
import { z } from 'zod';

import { HOLDER_BYTES } from '../executions/execution-requests.js';
import { field } from '../grpc/read-field.js';

/** The field types that HTTP bodies and queries share. */
export const text = z.string().min(1).max(65_536);

export const jsonValue = z.custom<JsonValue>(() => true).meta({ description: 'Any JSON value.' });

export const jsonObject = z
  .custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
    message: 'expected an object',
  })
  .meta({ type: 'object', description: 'A JSON object.' });

export const instant = z
  .string()
  .meta({ format: 'date-time', description: 'RFC 3339 in UTC with three fraction digits.' })
  .transform((value) => field('instant', () => parseInstant(value)));

export const holder = z
  .string()
  .length(24)
  .meta({ contentEncoding: 'base64', description: `${HOLDER_BYTES} random bytes, kept across retries.` })
  .transform((value) => field('holder', () => parseBase64(value)))
  .refine((bytes) => bytes.length === HOLDER_BYTES, { message: `expected ${HOLDER_BYTES} bytes` });

export const ttlMs = z.int().min(1);

export const attempt = z.int().min(1).max(4_294_967_295);

export const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const version = z.string().min(1).max(64);

/** A size, an index or a revision in a query: 64-bit numbers are decimal text. */
export const queryCounter = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,18})$/)
  .meta({ description: 'A whole number, decimal.' })
  .transform(BigInt)
  .refine((value) => value < 2n ** 63n, { message: 'out of range' });

/** A whole number in a query. */
export const queryNumber = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/)
  .transform(Number);
