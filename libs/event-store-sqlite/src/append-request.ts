import type { ExpectedRevision, NewEvent } from '@writ/event-store';

/** One append as the writer thread sees it. Byte fields are views into the message that brought it. */
export interface AppendRequest {
  readonly requestId: number;
  readonly stream: string;
  /** -1: the stream must not exist. */
  readonly expected: bigint;
  readonly events: readonly AppendEvent[];
}

export interface AppendEvent {
  /** The 16 bytes of the UUID. */
  readonly eventId: Uint8Array;
  readonly type: string;
  readonly typeVersion: number;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/*
 * Wire form between the threads, little endian: u32 requestId · i64 expected · u16 length + stream · u16 count, then per
 * event: 16 bytes id · u32 typeVersion · u8 length + type · u32 length + data · u32 length + metadata. Many appends are
 * one block of bytes that changes its owner without a copy; structured cloning costs several times the append itself.
 */
const REQUEST_HEAD = 4 + 8 + 2 + 2;
const EVENT_HEAD = 16 + 4 + 1 + 4 + 4;
const SMALLEST_BLOCK = 16 * 1024;

/** Collects appends until they are sent. Bytes are copied here: callers may change theirs afterwards. */
export class AppendBlock {
  #bytes: Buffer<ArrayBuffer>;
  #used = 0;

  /** @param firstAppendBytes data and metadata of the append that the block is made for */
  constructor(firstAppendBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(SMALLEST_BLOCK, firstAppendBytes * 2));
  }

  add(requestId: number, stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): void {
    this.#reserve(sizeOf(stream, events));
    const bytes = this.#bytes;
    let at = bytes.writeUInt32LE(requestId, this.#used);
    at = bytes.writeBigInt64LE(expected === 'no_stream' ? -1n : expected, at);
    at = bytes.writeUInt16LE(stream.length, at);
    at += bytes.write(stream, at, 'latin1');
    at = bytes.writeUInt16LE(events.length, at);
    for (const event of events) {
      at += bytes.write(event.eventId.replaceAll('-', ''), at, 'hex');
      at = bytes.writeUInt32LE(event.typeVersion, at);
      at = bytes.writeUInt8(event.type.length, at);
      at += bytes.write(event.type, at, 'latin1');
      at = this.#put(event.metadata, this.#put(event.data, at));
    }
    this.#used = at;
  }

  /** The bytes to transfer; the block is not used again. */
  take(): { readonly buffer: ArrayBuffer; readonly used: number } {
    return { buffer: this.#bytes.buffer, used: this.#used };
  }

  #put(field: Uint8Array, at: number): number {
    const start = this.#bytes.writeUInt32LE(field.byteLength, at);
    this.#bytes.set(field, start);
    return start + field.byteLength;
  }

  #reserve(size: number): void {
    if (this.#used + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + size));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}

function sizeOf(stream: string, events: readonly NewEvent[]): number {
  let size = REQUEST_HEAD + stream.length;
  for (const event of events)
    size += EVENT_HEAD + event.type.length + event.data.byteLength + event.metadata.byteLength;
  return size;
}

/** The appends in a block, in the order in which they were added. */
export function readAppendBlock(buffer: ArrayBuffer, used: number): AppendRequest[] {
  const bytes = Buffer.from(buffer, 0, used);
  const requests: AppendRequest[] = [];
  let at = 0;
  const text = (length: number): string => {
    at += length;
    return bytes.toString('latin1', at - length, at);
  };
  const view = (length: number): Uint8Array => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const u8 = (): number => bytes.readUInt8((at += 1) - 1);
  const u16 = (): number => bytes.readUInt16LE((at += 2) - 2);
  const u32 = (): number => bytes.readUInt32LE((at += 4) - 4);
  while (at < used) {
    const requestId = u32();
    const expected = bytes.readBigInt64LE((at += 8) - 8);
    const stream = text(u16());
    const events: AppendEvent[] = [];
    for (let left = u16(); left > 0; left -= 1) {
      const eventId = view(16);
      const typeVersion = u32();
      events.push({ eventId, typeVersion, type: text(u8()), data: view(u32()), metadata: view(u32()) });
    }
    requests.push({ requestId, stream, expected, events });
  }
  return requests;
}
