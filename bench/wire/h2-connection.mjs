/**
 * The client half of HTTP/2 (RFC 9113) that a gRPC load needs, and nothing else: JavaScript gRPC clients top out near
 * 5,000 calls a second and would take the processor from the server that is being measured. Requests are bytes that were
 * made beforehand; of answers it sees how many data bytes came and that the stream ended.
 */
import { connect } from 'node:net';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 };
const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
const SETTING = { headerTableSize: 1, enablePush: 2, initialWindow: 4 };
const WHOLE_WINDOW = 0x7fff_ffff;
const DEFAULT_WINDOW = 65_535;
const LARGEST_FRAME = 16_384;
/** What was received is given back to the server's window when it has come to so much. */
const WINDOW_REFRESH = 1 << 29;

/** One connection to a plaintext gRPC server. Errors reject `closed` and end the load. */
export class H2Connection {
  #socket;
  #headers;
  #nextStream = 1;
  #streams = new Map();
  #sendWindow = DEFAULT_WINDOW;
  #streamWindow = DEFAULT_WINDOW;
  #blocked = [];
  #received = 0;
  #rest = Buffer.alloc(0);
  #out = [];

  /** @param path of the method, `/package.Service/Method` */
  static async open(port, path) {
    const connection = new H2Connection();
    connection.#headers = requestHeaders(path, `127.0.0.1:${port}`);
    await connection.#start(port);
    return connection;
  }

  #start(port) {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      this.#socket = socket;
      this.closed = new Promise((_, fail) => socket.once('error', fail).once('close', () => fail(new Error('closed'))));
      this.closed.catch(() => undefined);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.write(PREFACE);
        socket.write(
          frame(
            FRAME.settings,
            0,
            0,
            settings([
              [SETTING.headerTableSize, 0],
              [SETTING.enablePush, 0],
              [SETTING.initialWindow, WHOLE_WINDOW],
            ]),
          ),
        );
        socket.write(frame(FRAME.windowUpdate, 0, 0, uint32(WHOLE_WINDOW - DEFAULT_WINDOW)));
      });
      socket.on('data', (chunk) => {
        this.#receive(chunk);
        resolve();
      });
    });
  }

  /**
   * Sends one request: headers, and `message` (with its five-byte gRPC prefix) as the only data.
   * @param ended called with the number of data bytes of the answer; 0 where the call failed
   */
  call(message, ended) {
    const stream = this.open(ended);
    stream.send(message, true);
  }

  /** A stream that stays open. @param ended as in `call` @param onData called with each piece of the answer */
  open(ended, onData) {
    const id = this.#nextStream;
    this.#nextStream += 2;
    const stream = { id, window: this.#streamWindow, dataBytes: 0, ended, onData };
    this.#streams.set(id, stream);
    this.#write(frame(FRAME.headers, END_HEADERS, id, this.#headers));
    return { send: (message, end = false) => this.#send({ stream, message, end }) };
  }

  close() {
    this.closed.catch(() => undefined);
    this.#socket.destroy();
  }

  #send(pending) {
    const size = pending.message.length;
    if (this.#blocked.length > 0 || size > this.#sendWindow || size > pending.stream.window) {
      this.#blocked.push(pending);
      return;
    }
    this.#sendWindow -= size;
    pending.stream.window -= size;
    for (let at = 0; at < size; at += LARGEST_FRAME) {
      const flags = pending.end && at + LARGEST_FRAME >= size ? END_STREAM : 0;
      const part = pending.message.subarray(at, at + LARGEST_FRAME);
      this.#write(frame(FRAME.data, flags, pending.stream.id, part));
    }
  }

  #resume() {
    const waiting = this.#blocked;
    this.#blocked = [];
    for (const pending of waiting) this.#send(pending);
  }

  /** Everything that one turn of the event loop sends goes out as one write. */
  #write(bytes) {
    if (this.#out.length === 0) setImmediate(() => this.#flush());
    this.#out.push(bytes);
  }

  #flush() {
    const out = this.#out;
    this.#out = [];
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(out));
  }

  #receive(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 9) {
      const length = bytes.readUIntBE(at, 3);
      if (bytes.length - at < 9 + length) break;
      const id = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
      this.#take(bytes[at + 3], bytes[at + 4], id, bytes.subarray(at + 9, at + 9 + length));
      at += 9 + length;
    }
    this.#rest = bytes.subarray(at);
  }

  #take(type, flags, id, payload) {
    switch (type) {
      case FRAME.data:
        this.#takeData(id, payload);
        if (flags & END_STREAM) this.#end(id);
        return;
      case FRAME.headers:
        if (flags & END_STREAM) this.#end(id);
        return;
      case FRAME.resetStream:
        this.#end(id, true);
        return;
      case FRAME.settings:
        if (!(flags & ACK)) this.#takeSettings(payload);
        return;
      case FRAME.ping:
        if (!(flags & ACK)) this.#write(frame(FRAME.ping, ACK, 0, payload));
        return;
      case FRAME.windowUpdate:
        this.#takeWindow(id, payload.readUInt32BE(0) & 0x7fff_ffff);
        return;
      case FRAME.goAway:
        this.#socket.destroy(new Error(`the server sent GOAWAY ${payload.readUInt32BE(4)}`));
    }
  }

  #takeData(id, payload) {
    const stream = this.#streams.get(id);
    if (stream !== undefined) {
      stream.dataBytes += payload.length;
      stream.onData?.(payload);
    }
    this.#received += payload.length;
    if (this.#received < WINDOW_REFRESH) return;
    this.#write(frame(FRAME.windowUpdate, 0, 0, uint32(this.#received)));
    if (stream?.onData !== undefined) this.#write(frame(FRAME.windowUpdate, 0, id, uint32(this.#received)));
    this.#received = 0;
  }

  #takeSettings(payload) {
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTING.initialWindow) continue;
      const window = payload.readUInt32BE(at + 2);
      for (const stream of this.#streams.values()) stream.window += window - this.#streamWindow;
      this.#streamWindow = window;
    }
    this.#write(frame(FRAME.settings, ACK, 0, Buffer.alloc(0)));
    this.#resume();
  }

  #takeWindow(id, bytes) {
    if (id === 0) this.#sendWindow += bytes;
    else {
      const stream = this.#streams.get(id);
      if (stream !== undefined) stream.window += bytes;
    }
    if (this.#blocked.length > 0) this.#resume();
  }

  #end(id, reset = false) {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.ended(reset ? 0 : stream.dataBytes);
  }
}

function frame(type, flags, id, payload) {
  const bytes = Buffer.allocUnsafe(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(id, 5);
  payload.copy(bytes, 9);
  return bytes;
}

function settings(pairs) {
  const bytes = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([name, value], i) => {
    bytes.writeUInt16BE(name, i * 6);
    bytes.writeUInt32BE(value, i * 6 + 2);
  });
  return bytes;
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The header block of every request (RFC 7541): static names, literals without indexing, no Huffman coding. */
function requestHeaders(path, authority) {
  const text = (value) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
  return Buffer.concat([
    Buffer.from([0x83, 0x86]), // :method POST, :scheme http
    Buffer.from([0x04]), // :path
    text(path),
    Buffer.from([0x01]), // :authority
    text(authority),
    Buffer.from([0x0f, 0x10]), // content-type
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ]);
}
