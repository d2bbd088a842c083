import { parseBase64, parseExecutionId, parseJson, textOf, toBase64, utf8 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { z } from 'zod';

/** Where a page ended: the order's own keys, so that rows that come or go between pages neither repeat nor vanish. */
export interface Cursor {
  readonly updatedAtMs: number;
  readonly executionId: string;
}

const cursorSchema = z.tuple([z.int().min(0), z.string()]);

/** Opaque to callers: base64 of `[updatedAtMs, executionId]`. It holds nothing that the page did not show. */
export function formatCursor(cursor: Cursor): string {
  return toBase64(utf8(JSON.stringify([cursor.updatedAtMs, cursor.executionId])));
}

/** @throws RejectedError `CURSOR_INVALID` */
export function parseCursor(token: string): Cursor {
  try {
    const [updatedAtMs, executionId] = cursorSchema.parse(parseJson(textOf(parseBase64(token)), { maxBytes: 1_024 }));
    return { updatedAtMs, executionId: parseExecutionId(executionId) };
  } catch (cause) {
    throw new RejectedError('CURSOR_INVALID', 'the page token is not one of ours', {}, { cause });
  }
}
