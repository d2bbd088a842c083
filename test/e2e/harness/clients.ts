import { resolve } from 'node:path';

import {
  credentials,
  loadPackageDefinition,
  Metadata,
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import protobuf from 'protobufjs';

const PROTO = resolve(__dirname, '../../../proto');
const PROTO_FILES = [
  'writ/v1/executions.proto',
  'writ/v1/policies.proto',
  'writ/v1/lineage.proto',
  'writ/v1/keys.proto',
];
const LOADER = { includeDirs: [PROTO], keepCase: false, longs: String, enums: String, defaults: true, oneofs: true };

/** Answers are looked at by path; their shape is what the tests assert. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Loose = any;
export type Json = Record<string, Loose>;
type Unary = (request: Json, metadata: Metadata, options: { deadline?: number }, callback: Callback) => unknown;
type Callback = (error: ServiceError | null, answer: Json) => void;

/** A gRPC client as any service would make it from the `.proto` files. */
export class GrpcClient {
  readonly raw: Client & Record<string, Loose>;

  constructor(
    service: 'ExecutionService' | 'PolicyService' | 'LineageService' | 'KeyService',
    port: number,
    options: GrpcClientOptions = {},
  ) {
    const definition = loadSync(PROTO_FILES, LOADER);
    const loaded = loadPackageDefinition(definition) as Loose;
    const channel = options.credentials ?? credentials.createInsecure();
    this.raw = new loaded.writ.v1[service](`${options.host ?? '127.0.0.1'}:${port}`, channel, options.channel ?? {});
    this.token = options.token;
  }

  private readonly token: string | undefined;

  metadata(): Metadata {
    const metadata = new Metadata();
    if (this.token !== undefined) metadata.set('authorization', `Bearer ${this.token}`);
    return metadata;
  }

  /** Rejects with the ServiceError; `statusOf` reads it. */
  call(method: string, request: Json, timeoutMs = 20_000): Promise<Json> {
    return new Promise((settle, reject) => {
      const unary = this.raw[method] as Unary;
      unary.call(this.raw, request, this.metadata(), { deadline: Date.now() + timeoutMs }, (error, answer) =>
        error === null ? settle(answer) : reject(error),
      );
    });
  }

  close(): void {
    this.raw.close();
  }
}

interface GrpcClientOptions {
  readonly token?: string;
  readonly host?: string;
  readonly credentials?: ChannelCredentials;
  readonly channel?: ClientOptions;
}

const root = protobuf.parse(
  `syntax = "proto3"; package google.rpc;
   message Any { string type_url = 1; bytes value = 2; }
   message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
   message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
   message Duration { int64 seconds = 1; int32 nanos = 2; }
   message RetryInfo { Duration retry_delay = 1; }
   message BadRequest { message Violation { string field = 1; string description = 2; } repeated Violation field_violations = 1; }`,
).root;

export interface RpcStatus {
  readonly grpc: number;
  readonly code: string | undefined;
  readonly metadata: Record<string, string>;
  /** Names of the details, and the decoded ones of google.rpc. */
  readonly details: Record<string, Json>;
}

/** The google.rpc.Status in the trailers of a failed call. */
export async function statusOf(call: Promise<unknown>): Promise<RpcStatus> {
  try {
    await call;
  } catch (error) {
    return readStatus(error as ServiceError);
  }
  throw new Error('the call was expected to fail');
}

export function readStatus(error: ServiceError): RpcStatus {
  const bytes = error.metadata.get('grpc-status-details-bin')[0];
  const details: Record<string, Json> = {};
  if (bytes instanceof Buffer) {
    const status = root.lookupType('google.rpc.Status').decode(bytes) as unknown as { details: Json[] };
    for (const { typeUrl, value } of status.details as { typeUrl: string; value: Uint8Array }[]) {
      const name = typeUrl.split('/').pop()!;
      details[name] = name.startsWith('google.rpc.') ? root.lookupType(name).decode(value) : { value };
    }
  }
  const info = details['google.rpc.ErrorInfo'];
  return { grpc: error.code, code: info?.['reason'], metadata: info?.['metadata'] ?? {}, details };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Loose;
}

export async function http(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = (answer.headers.get('content-type') ?? '').includes('json');
  return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
}
