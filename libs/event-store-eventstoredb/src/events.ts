import type { ExpectedRevision, NewEvent, RecordedEvent } from '@writ/event-store';
import { Packer, Unpacker } from './packing.js';

/** An event as the client of EventStoreDB takes it. */
export interface ClientEvent {
  readonly id: string;
  readonly type: string;
  /** Bytes as they are: declared as JSON they would be parsed and written again, with other bytes. */
  readonly contentType: 'application/octet-stream';
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event as the client gives it back; what it took for JSON it has parsed. */
export interface ClientRecord {
  readonly streamId: string;
  readonly id: string;
  readonly revision: bigint;
  readonly type: string;
  readonly data: unknown;
  readonly metadata?: unknown;
  readonly position?: { readonly commit: bigint };
}

/** One append on its way to the client. */
export interface PackedAppend {
  readonly requestId: number;
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly ClientEvent[];
}

const NEWLINE = 0x0a;
/** Longest line that can be ours: `v` and ten digits. */
const LINE_BYTES = 12;
const LINE = /^v([1-9][0-9]{0,9})$/;
const NO_STREAM = -1n;

/**
 * One append, without its request id, which changes with every time that it is sent.
 * @see docs/spec/eventstoredb.md for what is stored
 */
export function packAppend(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Uint8Array {
  const packer = new Packer(sizeOf(stream, events));
  packer.text(stream);
  packer.i64(expected === 'no_stream' ? NO_STREAM : expected);
  packer.u32(events.length);
  for (const event of events) {
    packer.text(event.eventId);
    packer.text(event.type);
    packer.bytes(event.data);
    const line = Buffer.from(`v${event.typeVersion}\n`, 'latin1');
    packer.u32(line.byteLength + event.metadata.byteLength);
    packer.raw(line);
    packer.raw(event.metadata);
  }
  const { buffer, used } = packer.take();
  return new Uint8Array(buffer, 0, used);
}

/** Reads one append behind its request id. Bytes are views into the buffer. */
export function unpackAppend(from: Unpacker): PackedAppend {
  const requestId = from.u32();
  const stream = from.text();
  const expected = from.i64();
  const events = Array.from({ length: from.u32() }, (): ClientEvent => {
    const id = from.text();
    const type = from.text();
    return { id, type, contentType: 'application/octet-stream', data: from.bytes(), metadata: from.bytes() };
  });
  return { requestId, stream, expected: expected === NO_STREAM ? 'no_stream' : expected, events };
}

/** The events of an append again, from the copy that was packed. */
export function eventsOf(packed: Uint8Array): readonly NewEvent[] {
  const from = new Unpacker(packed.buffer as ArrayBuffer, packed.byteOffset, packed.byteLength);
  from.text();
  from.i64();
  return Array.from({ length: from.u32() }, () => {
    const eventId = from.text();
    const type = from.text();
    const data = from.bytes();
    return { eventId, type, data, ...splitMetadata(from.bytes()) };
  });
}

/** Writes what the client read. */
export function packRecord(packer: Packer, record: ClientRecord): void {
  const { typeVersion, metadata } = splitMetadata(bytesOf(record.metadata));
  packer.text(record.streamId);
  packer.i64(record.revision);
  packer.i64(record.position?.commit ?? -1n);
  packer.text(record.id);
  packer.text(record.type);
  packer.u32(typeVersion);
  packer.bytes(bytesOf(record.data));
  packer.bytes(metadata);
}

/** Every event of a buffer that `packRecord` filled, each with bytes of its own: none keeps the others in memory. */
export function unpackRecords(buffer: ArrayBuffer, used: number): readonly RecordedEvent[] {
  const from = new Unpacker(buffer, 0, used);
  const events: RecordedEvent[] = [];
  while (!from.done) {
    const stream = from.text();
    const revision = from.i64();
    const position = from.i64();
    const eventId = from.text();
    const type = from.text();
    const typeVersion = from.u32();
    events.push({
      eventId,
      type,
      typeVersion,
      data: from.bytes().slice(),
      metadata: from.bytes().slice(),
      stream,
      revision,
      position,
    });
  }
  return events;
}

/** `true` for what the server writes for itself, and for links, which only point to events. */
export function isSystemRecord(record: Pick<ClientRecord, 'streamId' | 'type'>): boolean {
  return record.streamId.startsWith('$') || record.type.startsWith('$');
}

/**
 * Takes the first line off stored metadata. Whatever does not begin with such a line was not written by us; it comes
 * back whole, as version 1, and whoever verifies attestations finds it.
 */
function splitMetadata(stored: Uint8Array): { readonly typeVersion: number; readonly metadata: Uint8Array } {
  const end = stored.subarray(0, LINE_BYTES).indexOf(NEWLINE);
  const digits = end < 0 ? undefined : LINE.exec(Buffer.from(stored.subarray(0, end)).toString('latin1'))?.[1];
  const typeVersion = Number(digits ?? 0);
  if (typeVersion < 1 || typeVersion > 0x7fff_ffff) return { typeVersion: 1, metadata: stored };
  return { typeVersion, metadata: stored.subarray(end + 1) };
}

/** Only what others wrote as JSON comes as something else than bytes; there are no original bytes to give then. */
function bytesOf(value: unknown): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (value instanceof Uint8Array) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

function sizeOf(stream: string, events: readonly NewEvent[]): number {
  let size = 32 + stream.length;
  for (const { type, data, metadata } of events) size += 80 + type.length + data.byteLength + metadata.byteLength;
  return size;
}
