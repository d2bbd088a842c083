import { parentPort, workerData } from 'node:worker_threads';
import { openStoreSource, yieldToDecisions, type EventStore } from '@writ/event-store';
import { installOpensslSha256 } from '@writ/signing';
import { EXECUTIONS_VIEW, type ExecutionsView } from './executions-view.js';
import { lagOf } from './lag.js';
import { runProjection } from './projection.js';
import { signedExecutionsProjector } from './signed-executions-projector.js';
import { ViewFile } from './view-file.js';
import { indexFailure, type FromWorker, type Question, type ToWorker, type WorkerStart } from './worker-messages.js';
import type { WrittenRow } from './written-rows.js';

/** After a failure of store or file: both are let go of and opened again. */
const RETRY_MS = 500;

/** The thread that follows the ledger, keeps the file, and answers questions about it. */
class IndexThread {
  readonly #start: WorkerStart;
  readonly #file: ViewFile<ExecutionsView>;
  readonly #stop = new AbortController();
  readonly #post: (message: FromWorker) => void;
  #reader: Promise<EventStore> | undefined;
  #following: Promise<void> | undefined;
  #rowsWanted: ((rows: readonly WrittenRow[]) => void) | undefined;

  constructor(start: WorkerStart, post: (message: FromWorker) => void) {
    this.#start = start;
    this.#post = post;
    this.#file = ViewFile.open(start.path, EXECUTIONS_VIEW);
  }

  /** Until it is closed. Never rejects. */
  follow(): Promise<void> {
    return (this.#following ??= this.#follow());
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const store = await this.#open();
        const projector = await signedExecutionsProjector(store, this.#start, () => this.#writtenHere());
        await runProjection(store, this.#file, projector, this.#stop.signal);
      } catch {
        // The ledger is away: the view stays as it is, its lag grows and is reported, and the next round tries again.
        await this.#letGo();
        if (this.#stop.signal.aborted) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Rows that the other thread has come to by itself; its answer to `want_written`. */
  take(rows: readonly WrittenRow[]): void {
    this.#rowsWanted?.(rows);
  }

  async answer(question: Question): Promise<unknown> {
    switch (question.kind) {
      case 'list':
        return this.#file.view.list(question.request, question.nowMs);
      case 'due':
        return this.#file.view.due(question.endedByMs, question.limit);
      case 'lag':
        return this.#lag();
      case 'close':
        return this.#close();
    }
  }

  #writtenHere(): Promise<readonly WrittenRow[]> {
    return new Promise((resolve) => {
      this.#rowsWanted = resolve;
      this.#post({ kind: 'want_written' });
    });
  }

  /** The way into the store; whoever follows or asks first opens it. */
  #open(): Promise<EventStore> {
    return (this.#reader ??= openStoreSource(this.#start.source));
  }

  async #lag(): Promise<Awaited<ReturnType<typeof lagOf>>> {
    const store = await this.#open().catch(() => undefined);
    if (store === undefined) return { position: this.#file.position ?? null, behind: 0n };
    return lagOf(store, this.#file.position);
  }

  async #close(): Promise<null> {
    this.#stop.abort();
    await this.#following;
    await this.#letGo();
    this.#file.close();
    return null;
  }

  async #letGo(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await (await reader?.catch(() => undefined))?.close();
  }
}

yieldToDecisions();
// A thread has its own instance of every module: what `openInstance` has put in place is not in place here.
installOpensslSha256();
const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread');
const post = (message: FromWorker): void => port.postMessage(message);
const thread = new IndexThread(workerData as WorkerStart, post);
port.on('message', (message: ToWorker) => {
  if (message.kind === 'written') {
    thread.take(message.rows);
    return;
  }
  const { id, question } = message;
  thread.answer(question).then(
    (value) => {
      post({ kind: 'answer', id, value });
      // Nothing is left to wait for: the thread ends.
      if (question.kind === 'close') port.close();
    },
    (error: unknown) => post({ kind: 'answer', id, error: indexFailure(error) }),
  );
});
void thread.follow();
