import type { Bits64 } from './wire-reader.js';

const TWO_POW_32 = 4_294_967_296;

/** Appends the protobuf wire format to one growing buffer, which is kept for the next message. */
export class WireWriter {
  private buffer = Buffer.allocUnsafe(16_384);
  private at = 0;

  /** What was written; the writer is empty again. */
  finish(): Buffer {
    const message = Buffer.from(this.buffer.subarray(0, this.at));
    this.at = 0;
    return message;
  }

  /** Forgets what was written, after an error. */
  reset(): void {
    this.at = 0;
  }

  varint(value: number): void {
    this.reserve(10);
    this.at = putVarint(this.buffer, this.at, value);
  }

  /** A uint64 as number, decimal text, or halves. */
  varint64(value: number | string | Bits64): void {
    if (typeof value === 'number') this.varint(value);
    else if (typeof value === 'string') this.bigVarint(BigInt(value));
    else if (value.high === 0) this.varint(value.low);
    else this.bigVarint((BigInt(value.high) << 32n) | BigInt(value.low));
  }

  text(value: string): void {
    this.reserve(value.length * 3 + 5);
    const guess = sizeOf(value.length);
    const length = this.buffer.write(value, this.at + guess, 'utf8');
    this.prefix(this.at, guess, length);
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length + 5);
    this.at = putVarint(this.buffer, this.at, value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  /** A nested message, written by `content`. */
  nested(content: () => void): void {
    this.reserve(7);
    const start = this.at;
    // Most messages of ours take between 128 and 16,383 bytes; others are moved.
    this.at = start + 2;
    content();
    this.reserve(3);
    this.prefix(start, 2, this.at - start - 2);
  }

  /** Puts the length before a content that stands `guess` bytes behind `start`. */
  private prefix(start: number, guess: number, length: number): void {
    const size = sizeOf(length);
    if (size !== guess) this.buffer.copyWithin(start + size, start + guess, start + guess + length);
    putVarint(this.buffer, start, length);
    this.at = start + size + length;
  }

  private bigVarint(value: bigint): void {
    this.reserve(10);
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.buffer[this.at++] = Number(rest & 0x7fn) | 0x80;
    this.buffer[this.at++] = Number(rest);
  }

  private reserve(count: number): void {
    if (this.buffer.length - this.at >= count) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + count));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

function putVarint(buffer: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  // Beyond 32 bits the bit operators would cut it off.
  for (; rest >= TWO_POW_32; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 0x80;
  for (; rest > 0x7f; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
  buffer[at++] = rest;
  return at;
}

function sizeOf(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  return length < 0x20_0000 ? 3 : length < 0x1000_0000 ? 4 : 5;
}
