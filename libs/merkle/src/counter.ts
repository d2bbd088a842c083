import { RejectedError } from '@writ/errors';

const COUNTER_LIMIT = 1n << 64n;

/** A size or an index: a bigint below 2^64, or a `number` that is a safe integer. Throws REQUEST_INVALID, naming `field`. */
export function counterOf(value: bigint | number, field: string): bigint {
  const isCounter = typeof value === 'bigint' ? value >= 0n && value < COUNTER_LIMIT : isSafeCounter(value);
  if (!isCounter) refuse(field, `\`${field}\` must be a whole number from 0 to 2^64 - 1`);
  return BigInt(value);
}

/**
 * The same as a `number`, for places in a tree that we hold ourselves: arithmetic on bigint costs more than the hashes
 * of a proof. Exact up to 2^53 - 1 leaves; throws REQUEST_INVALID beyond, it never rounds.
 */
export function safeCounterOf(value: bigint | number, field: string): number {
  const counter = Number(counterOf(value, field));
  if (!Number.isSafeInteger(counter)) refuse(field, `\`${field}\` must be below 2^53 for a tree that is kept in tiles`);
  return counter;
}

/** Throws REQUEST_INVALID with `details.field`. */
export function refuse(field: string, message: string): never {
  throw new RejectedError('REQUEST_INVALID', message, { field });
}

function isSafeCounter(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
