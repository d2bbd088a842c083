/**
 * Many small values in one buffer, which goes to another thread without being copied: a structured clone of events
 * costs several times more than writing and reading them here. Both ends run the same build, so there is no version.
 */
export class Packer {
  #buffer: Buffer;
  #used = 0;

  constructor(sizeHint = 1_024) {
    // Never from the shared pool, whose memory cannot be handed over.
    this.#buffer = Buffer.allocUnsafeSlow(sizeHint);
  }

  /** A number from 0 to 2^32 - 1. */
  u32(value: number): void {
    this.#grow(4);
    this.#used = this.#buffer.writeUInt32LE(value, this.#used);
  }

  /** A signed 64-bit number. */
  i64(value: bigint): void {
    this.#grow(8);
    this.#used = this.#buffer.writeBigInt64LE(value, this.#used);
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.u32(bytes);
    this.#grow(bytes);
    this.#used += this.#buffer.write(value, this.#used);
  }

  bytes(value: Uint8Array): void {
    this.u32(value.byteLength);
    this.raw(value);
  }

  /** Bytes as they are, without their length. */
  raw(value: Uint8Array): void {
    this.#grow(value.byteLength);
    this.#buffer.set(value, this.#used);
    this.#used += value.byteLength;
  }

  /** What was written. The buffer belongs to the caller from now on. */
  take(): { readonly buffer: ArrayBuffer; readonly used: number } {
    return { buffer: this.#buffer.buffer as ArrayBuffer, used: this.#used };
  }

  #grow(more: number): void {
    const needed = this.#used + more;
    if (needed <= this.#buffer.byteLength) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.byteLength * 2));
    larger.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = larger;
  }
}

/** Reads what a `Packer` wrote, in the same order. */
export class Unpacker {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: ArrayBuffer, offset: number, used: number) {
    this.#buffer = Buffer.from(buffer, offset, used);
  }

  get done(): boolean {
    return this.#at >= this.#buffer.byteLength;
  }

  u32(): number {
    const value = this.#buffer.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  i64(): bigint {
    const value = this.#buffer.readBigInt64LE(this.#at);
    this.#at += 8;
    return value;
  }

  text(): string {
    const bytes = this.u32();
    const value = this.#buffer.toString('utf8', this.#at, this.#at + bytes);
    this.#at += bytes;
    return value;
  }

  /** A view into the buffer: valid as long as that is not written to. */
  bytes(): Uint8Array {
    const bytes = this.u32();
    // A plain Uint8Array: the client writes anything else, a Buffer too, as JSON text.
    const value = new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + this.#at, bytes);
    this.#at += bytes;
    return value;
  }
}
