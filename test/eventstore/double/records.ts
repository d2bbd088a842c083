/** What the double keeps for one event, and the names of streams that mean something to the server itself. */
export interface LogRecord {
  readonly stream: string;
  readonly revision: bigint;
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  /** Offset in the log: commit and prepare position alike, as for every record that commits itself. */
  readonly position: bigint;
  readonly createdMs: number;
}

export type ProposedRecord = Pick<LogRecord, 'id' | 'type' | 'isJson' | 'data' | 'metadata'>;

/** What an append expects of its stream; the last two are in the protocol, whether or not anyone should use them. */
export type Expectation = bigint | 'no_stream' | 'any' | 'stream_exists';

/** The revision of a tombstone, and the truncation mark of a soft-deleted stream. */
export const DELETED_REVISION = 2n ** 63n - 1n;

export const isSystemStream = (stream: string): boolean => stream.startsWith('$');
export const isMetastream = (stream: string): boolean => stream.startsWith('$$');
export const metastreamOf = (stream: string): string => `$$${stream}`;

/** `$maxCount`, `$maxAge` (seconds), `$tb` and `$acl` of a stream, as its last `$metadata` event says. */
export interface StreamMetadata {
  readonly $maxCount?: number;
  readonly $maxAge?: number;
  readonly $tb?: number;
  readonly $acl?: Readonly<Record<string, string | readonly string[]>>;
}

/** Reads the data of a `$metadata` event; what is no JSON object limits nothing, as in the server. */
export function parseStreamMetadata(data: Uint8Array): StreamMetadata {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** The mark survives a JSON number only roughly: everything near 2^63 means soft-deleted. */
export const isSoftDeletion = (metadata: StreamMetadata): boolean => (metadata.$tb ?? 0) >= 2 ** 62;
