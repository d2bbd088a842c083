import { toBase64 } from '@writ/encoding';
import type { EventId } from '@writ/encoding';

import type { ExecutionEventType } from './events.js';
import { evaluate, START_MS, Story, uuidFor } from './execution/story.fixture.js';
import { encodeMetadata, type Attestation } from './metadata.js';
import type { StoredEvent } from './open-event.js';
import { prepareAll, type PreparedEvent } from './seal.js';

const streamSalt = new Uint8Array(16).fill(7);

/** Events as a store holds them, with attestations that nobody has signed. */
export function storedSample(): {
  readonly first: StoredEvent;
  readonly second: StoredEvent;
  readonly clear: StoredEvent;
} {
  const { append } = new Story().tell(evaluate('h'));
  const stream = 'execution-acme.order-1';
  const identify = (at: number) => ({ eventId: uuidFor(at) as EventId, nonce: new Uint8Array(16).fill(at) });
  const at = { firstRevision: 0n, recordedAtMs: START_MS, identify };
  const [first, second] = prepareAll<ExecutionEventType>(append, { ...at, stream, streamSalt });
  const [clear] = prepareAll<ExecutionEventType>(append.slice(0, 1), { ...at, stream: 'policy-acme.loan' });
  if (first === undefined || second === undefined || clear === undefined) throw new Error('two events');
  return { first: storedOf(first), second: storedOf(second), clear: storedOf(clear) };
}

function storedOf(prepared: PreparedEvent): StoredEvent {
  const { stream, type, typeVersion, data, event } = prepared;
  const salted = event.revision === 0n && stream.startsWith('execution-');
  const openings = { subject: { salt: toBase64(new Uint8Array(16)), value: 'customer "1"' } };
  const metadata = encodeMetadata({
    ...(salted ? { streamSalt, openings } : {}),
    attestation: attestationOf(prepared),
    trace: '00-trace',
  });
  return { stream, revision: event.revision, eventId: event.eventId, type, typeVersion, data, metadata };
}

function attestationOf({ entryText }: PreparedEvent): Attestation {
  return {
    entry: entryText,
    keyId: '0123456789abcdef' as Attestation['keyId'],
    batch: { index: 1, size: 3, path: [1, 2].map((byte) => toBase64(new Uint8Array(32).fill(byte))) },
    signature: toBase64(new Uint8Array(64)),
  };
}
