import { status, type ServerWritableStream } from '@grpc/grpc-js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { Bell } from './bell.js';
import { accessDeniedError, callError, notLeaderError, unavailableError } from './messages.js';
import type { DoubleNode } from './node.js';

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

/** Long enough for what was written to be on its way before a reset. */
const FLUSH_MS = 10;

export function failRead(call: ReadCall, error: Error): void {
  if (!call.cancelled) call.emit('error', error);
}

/** What goes out to one reader: waits where the reader is slower, and breaks where a fault says so. */
export class Outgoing {
  readonly #node: DoubleNode;
  readonly #call: ReadCall;
  readonly #progress = new Bell();
  #afterFirst: (() => void) | undefined;
  #slowMs = 0;

  constructor(node: DoubleNode, call: ReadCall) {
    this.#node = node;
    this.#call = call;
    this.onProgress(() => this.#progress.ring());
  }

  get isOver(): boolean {
    return this.#call.cancelled || this.#call.destroyed;
  }

  /** Calls back once the call is over, and whenever more can be written. */
  onProgress(listener: () => void): void {
    this.#call.on('cancelled', listener).on('close', listener).on('drain', listener);
  }

  /** Takes the next fault of reads or subscriptions; `over` when there is nothing left to serve. */
  strike(stream: string, isSubscription: boolean): 'over' | 'serve' {
    const fault = this.#node.faults.takeForRead(stream, isSubscription);
    const reset = (): void => this.#node.resetConnectionOf(this.#call.getPeer());
    switch (fault) {
      case undefined:
        return 'serve';
      case 'slow':
        this.#slowMs = this.#node.faults.slowMs;
        return 'serve';
      case 'reset_mid_stream':
        this.#afterFirst = () => void setTimeout(reset, FLUSH_MS);
        return 'serve';
      case 'dropped': {
        const error = callError(status.ABORTED, 'Operation timed out: Consumer too slow to handle event while live.');
        this.#afterFirst = () => failRead(this.#call, error);
        return 'serve';
      }
      case 'never_answer':
        return 'over';
      case 'reset':
        reset();
        return 'over';
      case 'unavailable':
        failRead(this.#call, unavailableError());
        return 'over';
      case 'not_leader':
        failRead(this.#call, notLeaderError(this.#node.leader));
        return 'over';
      case 'access_denied':
        failRead(this.#call, accessDeniedError());
        return 'over';
    }
  }

  /** Resolves with `false` when nobody is listening any more. */
  async send(response: ReadResp): Promise<boolean> {
    if (this.#slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#slowMs));
    this.#slowMs = 0;
    if (this.isOver) return false;
    if (!this.#call.write(response)) await this.#progress.rung();
    if (response.hasEvent() && this.#afterFirst !== undefined) {
      this.#afterFirst();
      // A broken call sends nothing more, whatever becomes of it.
      return false;
    }
    return !this.isOver;
  }

  end(): void {
    if (!this.isOver && this.#afterFirst === undefined) this.#call.end();
  }
}
