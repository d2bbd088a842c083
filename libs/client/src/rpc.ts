import protobuf from 'protobufjs';
import { SCHEMA } from './generated/schema.js';

const root = protobuf.Root.fromJSON(SCHEMA).resolveAll();

const WIRE_CONVERSION: protobuf.IConversionOptions = {
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
};

/** One method of `writ.v1`: where it lives, how a request becomes bytes and how bytes become an answer. */
export interface Rpc<Request, Answer> {
  /** `/writ.v1.ExecutionService/Evaluate` */
  readonly path: string;
  /** `true`: nothing can have happened when no answer came. */
  readonly readsOnly: boolean;
  serialize(request: Request): Buffer;
  deserialize(bytes: Uint8Array): Answer;
}

interface RpcForm<Request, Wire, Answer> {
  readonly service: 'ExecutionService' | 'PolicyService' | 'LineageService' | 'KeyService';
  readonly method: string;
  readonly readsOnly: boolean;
  /** A message as protobufjs encodes it: camel-case names, enums by number. */
  readonly encode: (request: Request) => object;
  readonly decode: (wire: Wire) => Answer;
}

export function rpcOf<Request, Wire, Answer>(form: RpcForm<Request, Wire, Answer>): Rpc<Request, Answer> {
  const service = root.lookupService(`writ.v1.${form.service}`);
  const method = service.methods[form.method];
  if (method === undefined) throw new Error(`no method ${form.method}`);
  const requestType = service.lookupType(method.requestType);
  const responseType = service.lookupType(method.responseType);
  return {
    path: `/writ.v1.${form.service}/${form.method}`,
    readsOnly: form.readsOnly,
    serialize: (request) => requestType.encode(form.encode(request)).finish() as Buffer,
    deserialize: (bytes) => form.decode(plain<Wire>(responseType, bytes)),
  };
}

/** Reads a message of `writ.v1` that travelled outside a call (errors carry a Receipt). */
export function decodeMessage<Wire>(name: string, bytes: Uint8Array): Wire {
  return plain<Wire>(root.lookupType(`writ.v1.${name}`), bytes);
}

function plain<Wire>(type: protobuf.Type, bytes: Uint8Array): Wire {
  return type.toObject(type.decode(bytes), WIRE_CONVERSION) as Wire;
}
