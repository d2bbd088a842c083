import { isUtf8 } from 'node:buffer';

import { RejectedError } from '@writ/errors';

/** A 64-bit integer as it stood on the wire: two unsigned halves. `protobufjs` writes this shape back as it is. */
export interface Bits64 {
  readonly low: number;
  readonly high: number;
}

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED32 = 5;

/** Refuses bytes that are not the message that they should be; `path` names the field. */
export function refuse(path: string, wanted: string): never {
  throw new RejectedError('REQUEST_INVALID', `\`${path}\` ${wanted}`, { field: path });
}

/**
 * Reads the protobuf wire format (protobuf.dev/programming-guides/encoding) from one message, strictly: no truncated
 * value, no varint of more than 64 bits, no ill-formed UTF-8. Throws REQUEST_INVALID.
 */
export class WireReader {
  constructor(
    readonly bytes: Buffer,
    public at = 0,
    readonly end = bytes.length,
  ) {}

  /** A varint of up to 32 bits; -1 when it is larger. */
  readUint32(path: string): number {
    const first = this.bytes[this.at] as number;
    if (first < 0x80 && this.at < this.end) {
      this.at += 1;
      return first;
    }
    const bits = this.readUint64(path);
    return bits.high === 0 ? bits.low : -1;
  }

  readUint64(path: string): Bits64 {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) refuse(path, 'is cut off');
      const byte = this.bytes[this.at] as number;
      this.at += 1;
      const group = byte & 0x7f;
      if (shift < 28) low |= group << shift;
      else if (shift === 28) {
        low |= group << 28;
        high |= group >>> 4;
      } else if (shift < 63) high |= group << (shift - 32);
      else {
        if (group > 1) refuse(path, 'is longer than 64 bits');
        high |= group << 31;
      }
      if (byte < 0x80) return { low: low >>> 0, high: high >>> 0 };
    }
    return refuse(path, 'is longer than 64 bits');
  }

  /** The end of a length-delimited value that starts here. */
  readEnd(path: string): number {
    const length = this.readUint32(path);
    if (length < 0 || length > this.end - this.at) refuse(path, 'is cut off');
    return this.at + length;
  }

  readBytes(path: string): Uint8Array {
    const end = this.readEnd(path);
    const value = this.bytes.subarray(this.at, end);
    this.at = end;
    return value;
  }

  readText(path: string): string {
    const end = this.readEnd(path);
    const text = this.bytes.toString('utf8', this.at, end);
    // The platform replaces what is ill-formed; a text with the replacement character is looked at again.
    if (text.includes('\ufffd') && !isUtf8(this.bytes.subarray(this.at, end))) refuse(path, 'is not UTF-8');
    this.at = end;
    return text;
  }

  /** Steps over a field that this version does not know. Groups are refused: proto3 has none. */
  skip(wireType: number, path: string): void {
    switch (wireType) {
      case VARINT:
        this.readUint64(path);
        return;
      case FIXED64:
        this.advance(8, path);
        return;
      case LENGTH_DELIMITED:
        this.at = this.readEnd(path);
        return;
      case FIXED32:
        this.advance(4, path);
        return;
      default:
        refuse(path, `has wire type ${String(wireType)}`);
    }
  }

  private advance(count: number, path: string): void {
    if (this.end - this.at < count) refuse(path, 'is cut off');
    this.at += count;
  }
}
