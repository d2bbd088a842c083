import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { fromPlainError } from '@writ/errors';
import { openStoreSource, yieldToDecisions } from '@writ/event-store';
import { installOpensslSha256 } from '@writ/signing';

import { TileFolder } from '../tiles/tile-folder.js';
import { EntryIndex } from './entry-index.js';
import type { AppendOutcome, FollowerHost } from './follower-host.js';
import { Follower } from './follower.js';
import { LateStore } from './late-store.js';
import { sequencerFailure, type FromWorker, type SequencerStart, type ToWorker } from './sequencer-messages.js';
import { TreeWriter } from './tree-writer.js';

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread');

/** The appends that the main thread was asked for, by their number. */
class AppendsUnderWay {
  readonly #waiting = new Map<
    number,
    { readonly resolve: (outcome: AppendOutcome) => void; readonly reject: (error: Error) => void }
  >();
  #nextId = 1;

  ask(send: (id: number) => void): Promise<AppendOutcome> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      send(id);
    });
  }

  settle(message: Extract<ToWorker, { kind: 'appended' | 'failed' }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'appended') waiting?.resolve(message.outcome);
    else waiting?.reject(fromPlainError(message.error));
  }
}

yieldToDecisions();
// A thread has its own instance of every module: what `openInstance` has put in place is not in place here.
installOpensslSha256();

const { origin, pinned, lineageDir, source } = workerData as SequencerStart;
const store = new LateStore(() => openStoreSource(source));
const openWriter = (): TreeWriter =>
  new TreeWriter(new TileFolder(lineageDir), EntryIndex.open(join(lineageDir, 'index.db')));
const appends = new AppendsUnderWay();
const send = (message: FromWorker): void => {
  port.postMessage(message);
};
const host: FollowerHost = {
  append: (request) =>
    appends.ask((id) => {
      send({ kind: 'append', id, request });
    }),
  report: (report) => {
    send({ kind: 'report', report });
  },
  foreign: ({ stream, revision, error }) => {
    send({ kind: 'foreign', place: { stream, revision }, error: sequencerFailure(error) });
  },
};
const nonce = (): Uint8Array => Uint8Array.from(randomBytes(16));
const follower = new Follower({ store, origin, pinned, openWriter, nonce, host });
const running = follower.run();

async function close(): Promise<void> {
  follower.stop();
  await running;
  await store.close();
}

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'role':
      follower.setPublisher(message.publisher);
      return;
    case 'rebuild':
      follower.rebuild();
      return;
    case 'appended':
    case 'failed':
      appends.settle(message);
      return;
    case 'flush':
    case 'close':
      void (message.kind === 'flush' ? follower.flush() : close()).finally(() => {
        send({ kind: 'done', id: message.id });
        // Nothing is left to wait for: the thread ends.
        if (message.kind === 'close') port.close();
      });
      return;
  }
});
