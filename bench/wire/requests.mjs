/**
 * Encoded requests with ids of their own. Each is a copy of one encoded message in which the id, the holder and the
 * correlation id, all of fixed length, are written over.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { newApplication, newExecutionId, TENANT } from '../ledger.mjs';

const PROTO = fileURLToPath(new URL('../../proto/', import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_, target) => (target.startsWith('google/') ? target : PROTO + target.replace(PROTO, ''));
root.loadSync('writ/v1/executions.proto');

/** Of the same length in every message, and found in no other part of it. */
const HOLDER = Buffer.alloc(16, 0xa5);
const CORRELATION = 0x0fff_ffff;

function requestFields() {
  const { executionId, intent } = newApplication();
  const signals = Object.entries(intent.signals).map(([name, { value, observedAtMs }]) => [
    name,
    {
      valueJson: JSON.stringify(value),
      ...(observedAtMs === undefined ? {} : { observedAt: new Date(observedAtMs).toISOString() }),
    },
  ]);
  const fields = {
    tenant: TENANT,
    executionId,
    holder: HOLDER,
    intent: {
      action: intent.action,
      subject: intent.subject,
      policyId: intent.policyId,
      parametersJson: JSON.stringify(intent.parameters),
      signals: Object.fromEntries(signals),
    },
  };
  return { executionId, fields };
}

/** @returns a function that makes a new request each time, with its gRPC prefix */
export function evaluateRequests() {
  const { executionId, fields } = requestFields();
  return copies('EvaluateRequest', fields, executionId);
}

export function batchRequests(items) {
  const { executionId, fields } = requestFields();
  return copies('EvaluateBatchRequest', { requests: Array.from({ length: items }, () => fields) }, executionId);
}

/** The function takes the correlation id. */
export function streamRequests() {
  const { executionId, fields } = requestFields();
  return copies('EvaluateStreamRequest', { correlationId: CORRELATION, request: fields }, executionId);
}

/**
 * Always the same message of writ.bench.Filler, `requestBytes` long, that asks for an answer of `answerBytes`; both as
 * near as the length fields allow. 0 and 0: empty messages.
 */
export function echoRequests({ requestBytes, answerBytes }) {
  const writer = protobuf.Writer.create();
  if (answerBytes > 0) writer.uint32(8).uint32(answerBytes);
  if (requestBytes > 0) writer.uint32(18).bytes(Buffer.alloc(requestBytes, 120));
  const message = withPrefix(Buffer.from(writer.finish()));
  return () => message;
}

function copies(type, fields, executionId) {
  const encoded = root.lookupType(`writ.v1.${type}`).encode(fields).finish();
  const template = withPrefix(Buffer.from(encoded));
  const groups = idPlaces(template, executionId);
  const holders = placesOf(template, HOLDER);
  // A varint of four bytes, so that every id below 2^28 fits when its bytes are marked as continued.
  const correlation = fields.correlationId === undefined ? -1 : template.indexOf(Buffer.from('ffffff7f', 'hex'));
  const next = (correlationId) => {
    const message = Buffer.from(template);
    for (const places of groups) {
      const id = newExecutionId();
      for (const at of places) message.write(id, at, 'latin1');
    }
    const random = randomBytes(16 * holders.length);
    holders.forEach((at, i) => random.copy(message, at, i * 16, i * 16 + 16));
    if (correlation >= 0) writeVarint4(message, correlation, correlationId);
    return message;
  };
  return Object.assign(next, { messageBytes: encoded.length });
}

/** Places of the id, two for each request: as execution id, and as the application's number. */
function idPlaces(template, executionId) {
  const places = placesOf(template, Buffer.from(executionId, 'latin1'));
  const groups = [];
  for (let i = 0; i < places.length; i += 2) groups.push(places.slice(i, i + 2));
  return groups;
}

function placesOf(bytes, wanted) {
  const places = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + wanted.length)) places.push(at);
  return places;
}

function writeVarint4(bytes, at, value) {
  for (let i = 0; i < 4; i += 1) bytes[at + i] = ((value >>> (7 * i)) & 0x7f) | (i < 3 ? 0x80 : 0);
}

/** Not compressed, and the length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
function withPrefix(message) {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  message.copy(bytes, 5);
  return bytes;
}
