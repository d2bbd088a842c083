import { ConflictError, IntegrityError } from '@writ/errors';
import type { AppendResult, ExpectedRevision, NewEvent } from './event-store.js';

/** The revision that the first event of an append gets. */
export function revisionAfter(expected: ExpectedRevision): bigint {
  return expected === 'no_stream' ? 0n : expected + 1n;
}

/**
 * Compares an answer with what was signed: a store that hides or renumbers events may accept an append at another
 * place than the one that its events name.
 * @throws IntegrityError `REVISION_MISMATCH`
 */
export function verifyReturnedRevision(expected: ExpectedRevision, eventCount: number, result: AppendResult): void {
  const first = revisionAfter(expected);
  const last = first + BigInt(eventCount) - 1n;
  if (result.firstRevision !== first || result.lastRevision !== last) {
    throw new IntegrityError('REVISION_MISMATCH', 'the store answered with other revisions than were signed', {
      signed: { first: first.toString(), last: last.toString() },
      returned: { first: result.firstRevision.toString(), last: result.lastRevision.toString() },
    });
  }
}

/** The error of an append that lost: `actual` is the last revision of the stream, `undefined` when it does not exist. */
export function revisionConflict(
  stream: string,
  expected: ExpectedRevision,
  actual: bigint | undefined,
): ConflictError {
  return new ConflictError('REVISION_CONFLICT', 'the stream is not at the expected revision', {
    stream,
    expectedRevision: expected.toString(),
    actualRevision: actual === undefined ? 'no_stream' : actual.toString(),
  });
}

/** The error of an append that uses an id again for something else. */
export function eventIdReused(stream: string, eventId: string): IntegrityError {
  return new IntegrityError('EVENT_ID_REUSED', 'the store holds this event id with other content or at another place', {
    stream,
    eventId,
  });
}

/** `true` when two events agree in all that an append sends. */
export function sameEvent(a: NewEvent, b: NewEvent): boolean {
  return (
    a.eventId === b.eventId &&
    a.type === b.type &&
    a.typeVersion === b.typeVersion &&
    sameBytes(a.data, b.data) &&
    sameBytes(a.metadata, b.metadata)
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}
