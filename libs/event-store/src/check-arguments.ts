import { RejectedError } from '@writ/errors';
import type { AppendOptions, ExpectedRevision, NewEvent, ReadAllOptions, ReadStreamOptions } from './event-store.js';
import { DEFAULT_APPEND_TIMEOUT_MS, EVENT_STORE_LIMITS as LIMITS } from './limits.js';

/** Printable ASCII without the space; `$` is kept by EventStoreDB for its own streams. */
const STREAM_NAME = /^[\x21-\x23\x25-\x7e][\x21-\x7e]*$/;
const EVENT_TYPE = /^[A-Za-z][A-Za-z0-9._-]*$/;
const EVENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Refuses an append that some driver could not hold. Every driver calls it first, so that all refuse the same.
 * @returns bytes of data and metadata of the append
 * @throws RejectedError `NAME_INVALID`, `REQUEST_INVALID`, `EVENT_TOO_LARGE`
 */
export function checkAppend(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): number {
  checkStreamName(stream);
  if (expected !== 'no_stream') checkRevision('expected', expected);
  if (!Array.isArray(events) || events.length === 0) {
    throw new RejectedError('REQUEST_INVALID', 'an append needs at least one event', { field: 'events' });
  }
  if (events.length > LIMITS.eventsPerAppend) {
    throw tooLarge('events', events.length, LIMITS.eventsPerAppend);
  }
  let dataBytes = 0;
  let metadataBytes = 0;
  const ids = new Set<string>();
  for (const event of events as readonly NewEvent[]) {
    checkEvent(event);
    dataBytes += event.data.byteLength;
    metadataBytes += event.metadata.byteLength;
    ids.add(event.eventId);
  }
  if (ids.size !== events.length) {
    throw new RejectedError('REQUEST_INVALID', 'an append holds the same `eventId` twice', { field: 'eventId' });
  }
  if (dataBytes > LIMITS.dataBytesPerAppend) throw tooLarge('data', dataBytes, LIMITS.dataBytesPerAppend);
  if (metadataBytes > LIMITS.metadataBytesPerAppend)
    throw tooLarge('metadata', metadataBytes, LIMITS.metadataBytesPerAppend);
  return dataBytes + metadataBytes;
}

/**
 * The time that an append may take, in milliseconds.
 * @throws RejectedError `REQUEST_INVALID`
 */
export function checkTimeout(options: AppendOptions | undefined): number {
  const timeoutMs = options?.timeoutMs ?? DEFAULT_APPEND_TIMEOUT_MS;
  checkInteger('timeoutMs', timeoutMs, 1, LIMITS.timeoutMs);
  return timeoutMs;
}

/** @throws RejectedError `NAME_INVALID`, `REQUEST_INVALID` */
export function checkReadStream(stream: string, options: ReadStreamOptions | undefined): Required<ReadStreamOptions> {
  checkStreamName(stream);
  const fromRevision = options?.fromRevision ?? 0n;
  checkRevision('fromRevision', fromRevision);
  const maxCount = options?.maxCount ?? LIMITS.eventsPerRead;
  checkInteger('maxCount', maxCount, 1, LIMITS.eventsPerRead);
  return { fromRevision, maxCount };
}

/**
 * The position to read after (-1 is before everything) and how many events at most.
 * @throws RejectedError `REQUEST_INVALID`
 */
export function checkReadAll(options: ReadAllOptions): { readonly after: bigint; readonly maxCount: number } {
  checkInteger('maxCount', options.maxCount, 1, LIMITS.eventsPerRead);
  return { after: checkAfter(options.after), maxCount: options.maxCount };
}

/** @throws RejectedError `REQUEST_INVALID` */
export function checkAfter(after: bigint | undefined): bigint {
  if (after === undefined) return -1n;
  checkRevision('after', after);
  return after;
}

function checkStreamName(stream: string): void {
  // The pattern admits ASCII only, so characters are bytes.
  if (typeof stream !== 'string' || stream.length > LIMITS.streamNameBytes || !STREAM_NAME.test(stream)) {
    throw new RejectedError(
      'NAME_INVALID',
      'a stream name is 1 to 512 printable ASCII characters and does not begin with `$`',
      {
        field: 'stream',
      },
    );
  }
}

function checkEvent(event: NewEvent): void {
  if (typeof event.eventId !== 'string' || !EVENT_ID.test(event.eventId)) {
    throw new RejectedError('REQUEST_INVALID', 'an event id is a UUID in lower case', { field: 'eventId' });
  }
  if (typeof event.type !== 'string' || event.type.length > LIMITS.typeLength || !EVENT_TYPE.test(event.type)) {
    throw new RejectedError('NAME_INVALID', 'an event type is 1 to 128 of `A-Za-z0-9._-` and begins with a letter', {
      field: 'type',
    });
  }
  checkInteger('typeVersion', event.typeVersion, 1, LIMITS.typeVersion);
  checkBytes('data', event.data);
  checkBytes('metadata', event.metadata);
  const bytes = event.data.byteLength + event.metadata.byteLength;
  if (bytes > LIMITS.bytesPerEvent) throw tooLarge('event', bytes, LIMITS.bytesPerEvent);
}

function checkBytes(field: string, value: Uint8Array): void {
  if (!(value instanceof Uint8Array) && Object.prototype.toString.call(value) !== '[object Uint8Array]') {
    throw new RejectedError('REQUEST_INVALID', `\`${field}\` must be bytes`, { field });
  }
}

function checkRevision(field: string, value: bigint): void {
  if (typeof value !== 'bigint' || value < 0n || value > LIMITS.revision) {
    throw new RejectedError('REQUEST_INVALID', `\`${field}\` must be a bigint from 0 to 2^63 - 1`, { field });
  }
}

function checkInteger(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RejectedError('REQUEST_INVALID', `\`${field}\` must be an integer from ${least} to ${most}`, {
      field,
      least,
      most,
    });
  }
}

function tooLarge(field: string, actual: number, limit: number): RejectedError {
  return new RejectedError('EVENT_TOO_LARGE', `\`${field}\` is ${actual}, more than ${limit}`, {
    field,
    actual,
    limit,
  });
}
