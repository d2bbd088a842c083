import {
  formatAddCheckpoint,
  parseSignatureLines,
  type AddCheckpointRequest,
  type NoteSignature,
} from '@writ/checkpoint';
import { textOf } from '@writ/encoding';
import { LedgerError } from '@writ/errors';

/** The way to a witness. The one that is used in earnest is `WitnessHttp`. */
export interface WitnessTransport {
  /** Throws CONFIGURATION_INVALID for a URL that this transport would never ask. */
  requireUrl(url: string): void;
  /** Sends `body` and reads the answer, both with caps. Rejects with whatever kept it from an answer. */
  post(url: string, body: string, signal: AbortSignal): Promise<WitnessResponse>;
}

export interface WitnessResponse {
  readonly status: number;
  readonly body: Uint8Array;
}

export type WitnessAnswer =
  /** Lines as they came; who uses them verifies them. */
  | { readonly kind: 'cosigned'; readonly lines: readonly NoteSignature[] }
  /** It holds another size than was named. */
  | { readonly kind: 'conflict'; readonly sizeLeaves: bigint }
  | { readonly kind: 'inconsistent' }
  | { readonly kind: 'refused'; readonly detail: string };

const SIZE = /^(0|[1-9][0-9]{0,19})\n$/;

/** One `add-checkpoint` (C2SP tlog-witness). Rejects where there was no answer; every answer is a value. */
export async function addCheckpoint(
  prefix: string,
  question: AddCheckpointRequest,
  transport: WitnessTransport,
  signal: AbortSignal,
): Promise<WitnessAnswer> {
  const url = `${prefix.replace(/\/$/, '')}/add-checkpoint`;
  const { status, body } = await transport.post(url, formatAddCheckpoint(question), signal);
  switch (status) {
    case 200:
      return { kind: 'cosigned', lines: linesOf(body) };
    case 409:
      return conflict(body);
    case 422:
      return { kind: 'inconsistent' };
    default:
      return { kind: 'refused', detail: `it answered with status ${String(status)}` };
  }
}

function linesOf(body: Uint8Array): readonly NoteSignature[] {
  try {
    return parseSignatureLines(textOf(body));
  } catch (error) {
    // No cosignature in it: that is what the caller finds then.
    if (error instanceof LedgerError) return [];
    throw error;
  }
}

function conflict(body: Uint8Array): WitnessAnswer {
  const size = SIZE.exec(Buffer.from(body).toString('latin1'))?.[1];
  if (size === undefined) return { kind: 'refused', detail: 'it names no size that it holds' };
  return { kind: 'conflict', sizeLeaves: BigInt(size) };
}
