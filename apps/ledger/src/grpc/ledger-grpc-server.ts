import { createServer, type AddressInfo, type Server as SocketServer, type Socket } from 'node:net';

import {
  Server,
  type ServerCredentials,
  type ChannelOptions,
  type sendUnaryData,
  type ServerOptions,
  type StatusObject,
} from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { ServerGrpc } from '@nestjs/microservices';
import { firstValueFrom, isObservable } from 'rxjs';

import { grpcErrorOf } from '../errors/grpc-error.js';
import { codedStatuses } from './coded-status.js';
import type { StreamCall, UnaryCall, WatchCall } from './grpc-calls.js';
import type { Message } from './decode-message.js';
import { PACKAGE } from './proto-schema.js';

export interface GrpcServerOptions {
  readonly host: string;
  readonly port: number;
  readonly credentials: ServerCredentials;
  readonly packageDefinition: PackageDefinition;
  readonly reflectedFiles: readonly Buffer[];
  /** Adds grpc.health.v1. */
  readonly addHealth: (server: Server) => void;
  readonly maxRequestBytes: number;
  readonly maxConnections: number;
  readonly maxConcurrentStreams: number;
}

type Handler = (...args: unknown[]) => Promise<unknown>;
type ServiceMethod = (call: never, callback: never) => void;

/** RFC 9113 section 3.4; under TLS the handshake is longer than that. */
const PREFACE_BYTES = 24;
const PREFACE_TIMEOUT_MS = 10_000;

const FLUSH_MS = 1_000;

/** A dead peer is noticed after a minute and a half; a connection lives half a day, so that load spreads again. */
const CONNECTION_LIMITS: ChannelOptions = {
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_connection_idle_ms': 3_600_000,
  'grpc.max_connection_age_ms': 43_200_000,
  'grpc.max_connection_age_grace_ms': 60_000,
  'grpc.enable_channelz': 0,
};

/**
 * Nest's gRPC transport with three things changed: it listens through a socket server of ours (number of connections
 * bounded, the port known), its handlers are called without an Observable per call, and errors become coded statuses.
 */
export class LedgerGrpcServer extends ServerGrpc {
  private listener: SocketServer | undefined;
  private grpcServer: Server | undefined;

  constructor(private readonly settings: GrpcServerOptions) {
    super({ package: PACKAGE, packageDefinition: settings.packageDefinition, url: '' });
  }

  get port(): number {
    return (this.listener?.address() as AddressInfo).port;
  }

  /** Nest adds the services to what this returns. */
  override async createClient(): Promise<Server> {
    const { settings } = this;
    const options: ServerOptions = {
      ...CONNECTION_LIMITS,
      'grpc.max_receive_message_length': settings.maxRequestBytes,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': settings.maxConcurrentStreams,
      interceptors: [codedStatuses(settings.maxRequestBytes)],
    };
    const server = new Server(options);
    new ReflectionService({ files: { fileDescriptorProtos: settings.reflectedFiles } } as never).addToServer(server);
    settings.addHealth(server);
    this.grpcServer = server;
    return server;
  }

  /** Opens the port, after the services are there. */
  override async start(callback?: () => void): Promise<void> {
    await this.bindEvents();
    const { settings, grpcServer } = this;
    if (grpcServer === undefined) throw new Error('the gRPC server is started before it is created');
    const injector = grpcServer.createConnectionInjector(settings.credentials);
    const listener = createServer({ noDelay: true }, (socket) => {
      endSilent(socket);
      injector.injectConnection(socket);
    });
    listener.maxConnections = settings.maxConnections;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(settings.port, settings.host, resolve);
    });
    this.listener = listener;
    callback?.();
  }

  override createUnaryServiceMethod(handler: Handler): ServiceMethod {
    return (call: UnaryCall, callback: sendUnaryData<Message>): void => {
      settle(handler(call.request, call.metadata, call)).then(
        (message) => callback(null, message as Message),
        (error: unknown) => callback(statusOf(error)),
      );
    };
  }

  /** The handler writes and ends by itself; what it throws becomes the status. */
  override createStreamServiceMethod(handler: Handler): ServiceMethod {
    return (call: WatchCall): void => endWithFailure(call, handler(call.request, call.metadata, call));
  }

  override createStreamCallMethod(handler: Handler): ReturnType<ServerGrpc['createStreamCallMethod']> {
    return async (call) => endWithFailure(call as unknown as StreamCall, handler(call));
  }

  /** Takes no new connection. Calls under way go on. */
  stopListening(): void {
    this.listener?.close();
  }

  /** Answers that are on their way still arrive; a client that does not take them is cut off. */
  override async close(): Promise<void> {
    this.stopListening();
    const server = this.grpcServer;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FLUSH_MS);
      server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    server.forceShutdown();
  }
}

/** A connection that does not begin to speak HTTP/2 makes room for others. */
function endSilent(socket: Socket): void {
  const timer = setTimeout(() => {
    if (socket.bytesRead < PREFACE_BYTES) socket.destroy();
  }, PREFACE_TIMEOUT_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

function endWithFailure(call: WatchCall | StreamCall, ended: Promise<unknown>): void {
  settle(ended).catch((error: unknown) => call.emit('error', statusOf(error)));
}

/** Nest's proxy answers a thrown error with an Observable that the filter made. */
async function settle(result: Promise<unknown>): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? firstValueFrom(value) : value;
}

function statusOf(error: unknown): StatusObject {
  return isStatus(error) ? error : grpcErrorOf(error);
}

function isStatus(error: unknown): error is StatusObject {
  return typeof error === 'object' && error !== null && 'code' in error && 'details' in error && 'metadata' in error;
}
