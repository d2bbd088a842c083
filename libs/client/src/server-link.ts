import { Client, credentials, Metadata, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { LedgerError } from '@writ/errors';
import type { TlsFiles } from './connect-options.js';
import { errorOfStatus, unreachable } from './decode-error.js';
import type { Rpc } from './rpc.js';
import { UnreadableAnswer } from './unreadable-answer.js';

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** The retries are ours (same ids, bounded, told); a dead peer is noticed within 15 s; reconnecting begins quickly. */
const CHANNEL_OPTIONS = {
  'grpc.enable_retries': 0,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
  'grpc.use_local_subchannel_pool': 1,
};

/** One try of one call. */
export interface Try {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A connection to one server, made when it is first needed and again whenever it is lost. */
export class ServerLink {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(
    readonly address: string,
    tls: TlsFiles | undefined,
    token: string | undefined,
  ) {
    this.#client = new Client(address, credentialsOf(tls), {
      ...CHANNEL_OPTIONS,
      ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
    });
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`);
  }

  /** Sends one request and waits for its answer. Throws LedgerErrors only. */
  async unary<Request, Answer>(rpc: Rpc<Request, Answer>, bytes: Buffer, { timeoutMs, signal }: Try): Promise<Answer> {
    const deadlineMs = Date.now() + timeoutMs;
    await this.#connected(deadlineMs, signal);
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const call = this.#client.makeUnaryRequest<Buffer, Buffer>(
        rpc.path,
        asItIs,
        asItIs,
        bytes,
        this.#metadata,
        { deadline: deadlineMs },
        (error, value) => {
          signal?.removeEventListener('abort', cancel);
          if (error === null && value !== undefined) resolve(value);
          else reject(errorOfStatus(error as ServiceError, rpc.readsOnly));
        },
      );
      const cancel = (): void => call.cancel();
      if (signal?.aborted === true) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
    return readAnswer(rpc, answer);
  }

  /** A call whose answers come one by one. Ends when the server ends it; stops the call when the reader stops. */
  async *serverStream<Request, Answer>(
    rpc: Rpc<Request, Answer>,
    request: Request,
    signal?: AbortSignal,
  ): AsyncGenerator<Answer, void, undefined> {
    const bytes = rpc.serialize(request);
    const call = this.#client.makeServerStreamRequest<Buffer, Buffer>(rpc.path, asItIs, asItIs, bytes, this.#metadata);
    yield* this.#answers(rpc, call, signal);
  }

  /** A call with streams both ways. */
  bidiStream<Request, Answer>(
    rpc: Rpc<Request, Answer>,
    signal?: AbortSignal,
  ): {
    /** Resolves when there is room for another request. */
    readonly send: (request: Request) => Promise<void>;
    readonly end: () => void;
    readonly answers: AsyncGenerator<Answer, void, undefined>;
  } {
    const call = this.#client.makeBidiStreamRequest<Buffer, Buffer>(rpc.path, asItIs, asItIs, this.#metadata);
    const send = (request: Request): Promise<void> => {
      if (call.write(rpc.serialize(request)) || call.destroyed) return Promise.resolve();
      return new Promise((resolve) => {
        call.once('drain', resolve);
        // A call that has ended takes nothing more; the reader of the answers is told why.
        call.once('close', resolve);
      });
    };
    return { send, end: () => call.end(), answers: this.#answers(rpc, call, signal) };
  }

  close(): void {
    this.#client.close();
  }

  async *#answers<Request, Answer>(
    rpc: Rpc<Request, Answer>,
    call: AsyncIterable<Buffer> & { cancel(): void },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Answer, void, undefined> {
    const cancel = (): void => call.cancel();
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      for await (const bytes of call) yield readAnswer(rpc, bytes);
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      throw errorOfStatus(error as ServiceError, rpc.readsOnly);
    } finally {
      signal?.removeEventListener('abort', cancel);
      cancel();
    }
  }

  /** Throws SERVER_UNREACHABLE while it is still certain that nothing was sent. */
  #connected(deadlineMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(unreachable('the call was given up', false));
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#client.waitForReady(deadlineMs, (error) => {
        signal?.removeEventListener('abort', giveUp);
        if (error === undefined) resolve();
        else reject(unreachable(`no connection to \`${this.address}\``, false, error));
      });
    });
  }
}

function readAnswer<Request, Answer>(rpc: Rpc<Request, Answer>, bytes: Uint8Array): Answer {
  try {
    return rpc.deserialize(bytes);
  } catch (error) {
    const message = error instanceof UnreadableAnswer ? error.message : 'the answer cannot be read';
    throw unreachable(message, !rpc.readsOnly, error);
  }
}

function credentialsOf(tls: TlsFiles | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}

function pem(text: string | Uint8Array | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
