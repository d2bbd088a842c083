import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { RejectedError } from '@writ/errors';
import protobuf from 'protobufjs';

import { createDecoder, type Message } from './decode-message.js';
import { createEncoder } from './encode-message.js';

/** `proto/` of the installation; as far from `src/grpc` as from `dist/grpc`. */
const PROTO_FOLDER = fileURLToPath(new URL('../../../../proto/', import.meta.url));
const FILES = ['writ/v1/executions.proto', 'writ/v1/policies.proto', 'writ/v1/lineage.proto', 'writ/v1/keys.proto'];
export const PACKAGE = 'writ.v1';

/** Stands in the place of a request that could not be read, so that the handler answers with a coded error. */
export class Unreadable {
  constructor(readonly error: RejectedError) {}
}

/** An encoder for a message of `writ.v1` that travels inside another (errors carry a Receipt). */
export function messageEncoder(name: string): (message: Message) => Buffer {
  return createEncoder(schema().lookupType(`${PACKAGE}.${name}`));
}

/**
 * What the gRPC server and reflection are built from: `writ.v1` with our strict decoders and with encoders that take
 * plain objects as they are (no conversion per call).
 */
export function loadPackageDefinition(): PackageDefinition {
  const definition = loadSync(FILES, { includeDirs: [PROTO_FOLDER] });
  const root = schema();
  for (const service of Object.values(definition)) {
    if ('format' in service) continue;
    for (const method of Object.values(service) as MethodDefinition<Message, Message>[]) {
      const [, serviceName, methodName] = method.path.split('/') as [string, string, string];
      const descriptor = root.lookupService(serviceName).methods[methodName] as protobuf.Method;
      descriptor.resolve();
      const responseType = descriptor.resolvedResponseType as protobuf.Type;
      method.requestDeserialize = tolerant(createDecoder(descriptor.resolvedRequestType as protobuf.Type)) as never;
      method.responseSerialize = createEncoder(responseType);
    }
  }
  return definition;
}

/** grpc-js answers a decoder that throws with a bare INTERNAL; a value goes through to the handler. */
function tolerant(decoder: (bytes: Buffer) => Message): (bytes: Buffer) => Message | Unreadable {
  return (bytes) => {
    try {
      return decoder(bytes);
    } catch (error) {
      if (error instanceof RejectedError) return new Unreadable(error);
      throw error;
    }
  };
}

let loaded: protobuf.Root | undefined;

function schema(): protobuf.Root {
  if (loaded !== undefined) return loaded;
  const root = new protobuf.Root();
  const resolvePath = root.resolvePath.bind(root);
  root.resolvePath = (origin, target) =>
    target.startsWith('writ/') ? `${PROTO_FOLDER}${target}` : resolvePath(origin, target);
  root.loadSync(FILES);
  root.resolveAll();
  loaded = root;
  return root;
}

/** The compiled descriptors of all files that reflection serves (`proto/descriptors.json`, made by buf). */
export function reflectedFiles(): Buffer[] {
  const files = JSON.parse(readFileSync(`${PROTO_FOLDER}descriptors.json`, 'utf8')) as Record<string, string>;
  return Object.values(files).map((text) => Buffer.from(text, 'base64'));
}
