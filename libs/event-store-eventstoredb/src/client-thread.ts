import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { EventStoreDBClient } from '@eventstore/db-client';
import { packRecord, unpackAppend, type ClientEvent, type ClientRecord, type PackedAppend } from './events.js';
import { failureOf } from './failures.js';
import { Packer, Unpacker } from './packing.js';
import { readAfter, readOne, readTail } from './read.js';
import type { FromThread, ThreadSettings, ToThread } from './thread-message.js';

/*
 * The thread that owns one client. The client keeps its unanswered appends in one map for the whole module, where
 * clients disturb each other, and some of its failures are for life: so each has a thread, with a module, of its own,
 * and is replaced together with it. Nothing is retried and nothing is decided here.
 */

const DISPOSE_MS = 500;

class ClientThread {
  readonly #port: MessagePort;
  readonly #client: EventStoreDBClient;
  #accepted: bigint[] = [];

  constructor(port: MessagePort, settings: ThreadSettings) {
    this.#port = port;
    this.#client = EventStoreDBClient.connectionString(settings.clientString);
  }

  receive(message: ToThread): void {
    switch (message.kind) {
      case 'appends': {
        const from = new Unpacker(message.buffer, 0, message.used);
        while (!from.done) this.#append(unpackAppend(from));
        return;
      }
      case 'read_stream':
        this.#answer(message.requestId, readOne(this.#client, message.stream, message.fromRevision, message.maxCount));
        return;
      case 'read_all':
        this.#answer(message.requestId, readAfter(this.#client, message.after, message.maxCount));
        return;
      case 'tail':
        this.#tail(message.requestId);
        return;
      case 'close':
        void this.#close();
    }
  }

  #append({ requestId, stream, expected, events }: PackedAppend): void {
    // `expectedRevision` always: left out, it would be `any`. What the client declares mutable it does not change.
    this.#client
      .appendToStream(stream, events as ClientEvent[], { expectedRevision: expected, requiresLeader: true })
      .then(
        ({ nextExpectedRevision, position }) => {
          // Answers that came with one packet go back as one message.
          if (this.#accepted.length === 0) setImmediate(() => this.#flush());
          this.#accepted.push(BigInt(requestId), nextExpectedRevision, position?.commit ?? -1n);
        },
        (error: unknown) => this.#fail(requestId, error),
      );
  }

  #flush(): void {
    const answers = BigInt64Array.from(this.#accepted);
    this.#accepted = [];
    this.#post({ kind: 'accepted', answers }, [answers.buffer]);
  }

  #tail(requestId: number): void {
    readTail(this.#client).then(
      (position) => this.#post({ kind: 'tail', requestId, position }),
      (error: unknown) => this.#fail(requestId, error),
    );
  }

  #answer(requestId: number, read: Promise<readonly ClientRecord[]>): void {
    read.then(
      (records) => {
        const packer = new Packer(records.length * 1_024 + 64);
        for (const record of records) packRecord(packer, record);
        const { buffer, used } = packer.take();
        this.#post({ kind: 'events', requestId, buffer, used }, [buffer]);
      },
      (error: unknown) => this.#fail(requestId, error),
    );
  }

  #fail(requestId: number, error: unknown): void {
    this.#post({ kind: 'failed', requestId, failure: failureOf(error) });
  }

  #post(message: FromThread, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  /** Ends the thread from within, at a moment of its own choosing; connections would keep it alive for ever. */
  async #close(): Promise<void> {
    const disposed = this.#client.dispose().catch(() => undefined);
    await Promise.race([disposed, new Promise((resolve) => setTimeout(resolve, DISPOSE_MS))]);
    process.exit(0);
  }
}

if (parentPort !== null) {
  // The client parses all metadata as JSON and catches what that throws; a trace for each is what makes it slow.
  Error.stackTraceLimit = 0;
  // What libraries below the client deprecate is nothing that an operator can change.
  process.noDeprecation = true;
  const thread = new ClientThread(parentPort, workerData as ThreadSettings);
  parentPort.on('message', (message: ToThread) => thread.receive(message));
  parentPort.postMessage({ kind: 'ready' } satisfies FromThread);
}
