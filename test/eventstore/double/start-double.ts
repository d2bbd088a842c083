/**
 * A test double of an EventStoreDB node, on the wire: an in-process gRPC server that answers as the real one was
 * measured to (the numbers K… and C… in comments are those of the facts' tests), keeps everything in memory, and
 * breaks on demand. It knows nothing of the driver or of any product code.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { Users } from './access.js';
import { batchAppend } from './batch-append.js';
import { EventLog } from './event-log.js';
import type { Faults } from './faults.js';
import { DoubleNode } from './node.js';
import { read } from './reads.js';
import type { LogRecord } from './records.js';
import { getSupportedMethods, gossip } from './server-questions.js';
import { append, deleteStream, tombstoneStream } from './unary.js';
import { Wire } from './wire.js';

export interface DoubleOptions {
  /** PEM; without it the double is what `--insecure` is. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly caFile: string };
  /** Who may log in; only with TLS, as clients send no credentials without it (C12). */
  readonly users?: Users;
  /** Makes this one a follower of another double, with whom it shares the log. */
  readonly leader?: Double;
}

/** As much as the server takes in one message; more is code 8 (K8). */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export class Double {
  readonly faults: Faults;
  readonly #node: DoubleNode;
  readonly #wire: Wire;
  readonly #server: Server;
  readonly #serverPort: number;
  readonly #caFile: string | undefined;

  constructor(parts: { node: DoubleNode; wire: Wire; server: Server; serverPort: number; caFile: string | undefined }) {
    this.faults = parts.node.faults;
    this.#node = parts.node;
    this.#wire = parts.wire;
    this.#server = parts.server;
    this.#serverPort = parts.serverPort;
    this.#caFile = parts.caFile;
  }

  get host(): string {
    return '127.0.0.1';
  }

  get port(): number {
    return this.#wire.port;
  }

  /** Connection string without credentials. */
  get url(): string {
    return this.urlFor();
  }

  /** The log itself, for a follower to share and for tests to hold answers against. */
  get log(): EventLog {
    return this.#node.log;
  }

  urlFor(user?: string, password = ''): string {
    const credentials = user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
    const tls = this.#caFile === undefined ? 'tls=false' : `tls=true&tlsCAFile=${encodeURIComponent(this.#caFile)}`;
    return `esdb://${credentials}${this.host}:${this.port}?${tls}`;
  }

  /** What is durably there in one stream, hidden or not. */
  eventsOf(stream: string): readonly LogRecord[] {
    return this.log.recordsOf(stream);
  }

  /** Every event that is not the server's own, in order. */
  events(): readonly LogRecord[] {
    return this.log.records.filter(({ stream, type }) => !stream.startsWith('$') && !type.startsWith('$'));
  }

  /** Resets every connection; the node lives on. */
  cut(): void {
    this.#wire.cut();
  }

  /** Nothing moves until `resume`: a stopped process, or a partition. */
  pause(): void {
    this.#wire.hold();
  }

  resume(): void {
    this.#wire.release();
  }

  /** Gone, as after kill -9: connections are reset and new ones refused. The log stays. */
  async kill(): Promise<void> {
    await this.#wire.unplug();
    this.log.forgetIds();
  }

  /** The same node on the same port again. */
  async restart(): Promise<void> {
    await this.#wire.plugIn(this.#serverPort);
  }

  async stop(): Promise<void> {
    this.#wire.release();
    await this.#wire.unplug();
    this.#server.forceShutdown();
  }
}

/** Starts a double on a free port of 127.0.0.1. */
export async function startDouble(options: DoubleOptions = {}): Promise<Double> {
  const { leader, tls } = options;
  const wire = new Wire();
  const log = leader?.log ?? new EventLog();
  const node = new DoubleNode({
    log,
    wire,
    users: tls === undefined ? undefined : options.users,
    leader: leader === undefined ? undefined : () => ({ host: leader.host, port: leader.port }),
  });
  const server = serve(node);
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
  const serverPort = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
  await wire.plugIn(serverPort);
  return new Double({ node, wire, server, serverPort, caFile: tls?.caFile });
}

function serve(node: DoubleNode): Server {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
  });
  const of =
    <Call extends unknown[]>(handle: (node: DoubleNode, ...call: Call) => void) =>
    (...call: Call): void =>
      handle(node, ...call);
  server.addService(StreamsService, {
    read: of(read),
    append: of(append),
    batchAppend: of(batchAppend),
    delete: of(deleteStream),
    tombstone: of(tombstoneStream),
  });
  server.addService(ServerFeaturesService, { getSupportedMethods: of(getSupportedMethods) });
  server.addService(GossipService, { read: of(gossip) });
  return server;
}
