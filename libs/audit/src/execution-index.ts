import { Worker } from 'node:worker_threads';
import { parseExecutionId, parseTenant } from '@writ/encoding';
import { fromPlainError, UnavailableError } from '@writ/errors';
import { endThread, type EventStore } from '@writ/event-store';
import type { ExecutionIndex } from '@writ/operations';
import { EXECUTIONS_VIEW, type ExecutionsView } from './executions-view.js';
import type { FoldSettings } from './fold-execution.js';
import { lagOf } from './lag.js';
import { runProjection } from './projection.js';
import { signedExecutionsProjector } from './signed-executions-projector.js';
import { ViewFile } from './view-file.js';
import {
  type AnswerMessage,
  type AnswerOf,
  type FromWorker,
  type Question,
  type ToWorker,
  type WorkerStart,
} from './worker-messages.js';
import { WrittenRows } from './written-rows.js';

/** Restarts of a worker that died, per process; each takes up where the file stands. */
const MAX_RESTARTS = 10;
const RESTART_DELAY_MS = 500;
/** The index of a ledger that lives in this process alone (`memory:`): on this thread, in memory, gone at the end. */
export function openLocalExecutionIndex(store: EventStore, settings: FoldSettings): ExecutionIndex {
  const file = ViewFile.open(':memory:', EXECUTIONS_VIEW);
  const stop = new AbortController();
  const running = followLocally(store, settings, file, stop.signal).catch(() => undefined);
  return {
    list: async (request, nowMs) => Promise.resolve(file.view.list(request, nowMs)),
    due: async (endedByMs, limit) => Promise.resolve(named(file.view.due(endedByMs, limit))),
    lag: () => lagOf(store, file.position),
    close: async () => {
      if (stop.signal.aborted) return;
      stop.abort();
      await running;
      file.close();
    },
  };
}

async function followLocally(
  store: EventStore,
  settings: FoldSettings,
  file: ViewFile<ExecutionsView>,
  signal: AbortSignal,
): Promise<void> {
  await runProjection(store, file, await signedExecutionsProjector(store, settings), signal);
}

/** The index of a ledger on disk: a worker thread reads the ledger and writes the file, this thread only asks. */
export function openExecutionIndex(start: WorkerStart): ExecutionIndex {
  const worker = new IndexWorker(start);
  return {
    list: (request, nowMs) => worker.ask({ kind: 'list', request, nowMs }),
    due: async (endedByMs, limit) => named(await worker.ask({ kind: 'due', endedByMs, limit })),
    lag: () => worker.ask({ kind: 'lag' }),
    noteWriting: (log) => worker.written.prepare(log),
    close: () => worker.close(),
  };
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

class IndexWorker {
  readonly written: WrittenRows;
  readonly #start: WorkerStart;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 1;
  #restarts = 0;
  #closed = false;

  constructor(start: WorkerStart) {
    this.#start = start;
    this.written = new WrittenRows(start.maxSkewMs);
    this.#worker = this.#spawn();
  }

  ask<K extends Question['kind']>(question: Extract<Question, { kind: K }>): Promise<AnswerOf[K]> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.reject(indexDown());
    const id = this.#nextId++;
    return new Promise<AnswerOf[K]>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ kind: 'question', id, question } satisfies ToWorker);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    await endThread(worker, () => this.ask({ kind: 'close' }).catch(() => undefined));
  }

  #spawn(): Worker {
    const worker = new Worker(workerUrl(), { workerData: this.#start });
    worker.unref();
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'answer') this.#settle(message);
      else worker.postMessage({ kind: 'written', rows: this.written.take() } satisfies ToWorker);
    });
    worker.on('error', () => undefined); // 'exit' follows and is handled there
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const waiting of this.#waiting.values()) waiting.reject(indexDown());
      this.#waiting.clear();
      if (!this.#closed && this.#restarts++ < MAX_RESTARTS) this.#respawnLater();
    });
    return worker;
  }

  #respawnLater(): void {
    setTimeout(() => {
      if (!this.#closed) this.#worker = this.#spawn();
    }, RESTART_DELAY_MS).unref();
  }

  #settle({ id, value, error }: AnswerMessage): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve(value as never);
    else waiting.reject(fromPlainError(error));
  }
}

/** Worker threads load compiled JavaScript only: from `src` (tests) the way leads to `dist`. */
function workerUrl(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('../dist/executions.worker.js', import.meta.url)
    : new URL('./executions.worker.js', import.meta.url);
}

function indexDown(): UnavailableError {
  return new UnavailableError('STORE_UNAVAILABLE', 'the index of executions is not running', {});
}

function named(
  rows: readonly { readonly tenant: string; readonly executionId: string }[],
): Awaited<ReturnType<ExecutionIndex['due']>> {
  return rows.map((row) => ({ tenant: parseTenant(row.tenant), executionId: parseExecutionId(row.executionId) }));
}
