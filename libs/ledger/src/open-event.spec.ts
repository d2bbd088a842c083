import { canonicalise, parseJson, textOf, toBase64, utf8 } from '@writ/encoding';
import type { EventId, JsonObject } from '@writ/encoding';

import { entryText, parseEntry } from './entry.js';
import type { ExecutionEventType } from './events.js';
import { evaluate, START_MS, Story, uuidFor } from './execution/story.fixture.js';
import { encodeMetadata, parseMetadata, type Attestation } from './metadata.js';
import { openEvent, type StoredEvent } from './open-event.js';
import { prepareAll, type PreparedEvent } from './seal.js';

const stream = 'execution-acme.order-1';
const streamSalt = new Uint8Array(16).fill(7);

/** Two events as a store holds them, with an attestation that nobody has signed. */
function stored(): readonly StoredEvent[] {
  const { append } = new Story().tell(evaluate('h'));
  const prepared = prepareAll<ExecutionEventType>(append, {
    stream,
    streamSalt,
    firstRevision: 0n,
    recordedAtMs: START_MS,
    identify: (at) => ({ eventId: uuidFor(at) as EventId, nonce: new Uint8Array(16).fill(at) }),
  });
  return prepared.map((event, at) => ({
    stream,
    revision: BigInt(at),
    eventId: event.event.eventId,
    type: event.type,
    typeVersion: event.typeVersion,
    data: event.data,
    metadata: encodeMetadata({
      ...(at === 0 ? { streamSalt, openings } : {}),
      attestation: attestationOf(event),
      trace: '00-trace',
    }),
  }));
}

const openings = { subject: { salt: toBase64(new Uint8Array(16)), value: 'customer-1' } };

function attestationOf(event: PreparedEvent): Attestation {
  return {
    entry: event.entryText,
    keyId: '0123456789abcdef' as Attestation['keyId'],
    batch: { index: 0, size: 1, path: [] },
    signature: toBase64(new Uint8Array(64)),
  };
}

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
    return 'opened';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('openEvent', () => {
  it('reads back what was prepared, with the time that only the entry holds', () => {
    const [first, second] = stored() as [StoredEvent, StoredEvent];
    const opened = openEvent(first);
    expect(opened.event).toMatchObject({ type: 'DecisionAdmitted', revision: 0n, recordedAtMs: START_MS });
    expect(opened.event.data).not.toHaveProperty('nonce');
    expect(opened.openings).toEqual(openings);
    expect(opened.streamSalt).toEqual(streamSalt);
    expect(textOf(opened.entryBytes)).toBe(opened.attestation.entry);
    const next = openEvent(second, opened.streamSalt);
    expect(next.event.type).toBe('ReservationPlaced');
    expect(next.openings).toEqual({});
  });

  it.each<[string, Partial<StoredEvent>]>([
    ['stream', { stream: 'execution-acme.order-2' }],
    ['category', { stream: 'policy-acme.order-1' }],
    ['revision', { revision: 1n }],
    ['eventId', { eventId: uuidFor(8) }],
    ['type', { type: 'DecisionDenied' }],
    ['typeVersion', { typeVersion: 2 }],
    ['unspeakable type', { type: 'Decision","x":"' }],
    ['data', { data: utf8('{}') }],
    ['metadata', { metadata: utf8('{}') }],
    ['no JSON', { metadata: utf8('{') }],
  ])('refuses an event whose %s is not the attested one', (_, change) => {
    const [first] = stored() as [StoredEvent];
    expect(codeOf(() => openEvent({ ...first, ...change }, streamSalt))).toBe('FOREIGN_EVENT');
  });

  it('names what differs', () => {
    const [first] = stored() as [StoredEvent];
    expect(() => openEvent({ ...first, eventId: uuidFor(8) })).toThrow(
      expect.objectContaining({ details: { stream, revision: '0', differs: ['eventId'] } }),
    );
  });

  it('refuses every changed byte of the data', () => {
    const [first] = stored() as [StoredEvent];
    for (let at = 0; at < first.data.length; at += 7) {
      const data = first.data.slice();
      data[at] = (data[at] ?? 0) ^ 1;
      expect(codeOf(() => openEvent({ ...first, data }))).toBe('FOREIGN_EVENT');
    }
  });

  it('refuses another salt of the stream, or none', () => {
    const [first, second] = stored() as [StoredEvent, StoredEvent];
    expect(codeOf(() => openEvent(second))).toBe('FOREIGN_EVENT');
    expect(codeOf(() => openEvent(second, new Uint8Array(16)))).toBe('FOREIGN_EVENT');
    const { streamSalt: _, ...unsalted } = parseMetadata(first.metadata);
    expect(codeOf(() => openEvent({ ...first, metadata: encodeMetadata(unsalted) }, streamSalt))).toBe('FOREIGN_EVENT');
  });

  it('refuses an entry that is spelled otherwise', () => {
    const [first] = stored() as [StoredEvent];
    const metadata = parseMetadata(first.metadata);
    const entry = metadata.attestation.entry.replace('{', '{ ');
    const changed = encodeMetadata({ ...metadata, attestation: { ...metadata.attestation, entry } });
    expect(codeOf(() => openEvent({ ...first, metadata: changed }))).toBe('FOREIGN_EVENT');
  });

  it('tells an attested event that breaks its schema from a foreign one', () => {
    const [first] = stored() as [StoredEvent];
    const data = canonicalise({ ...(parseJson(first.data) as JsonObject), extra: 1 });
    const { append } = new Story().tell(evaluate('h'));
    const [prepared] = prepareAll([{ ...append[0]!, data: { ...append[0]!.data, extra: 1 } } as never], {
      stream,
      streamSalt,
      firstRevision: 0n,
      recordedAtMs: START_MS,
      identify: () => ({ eventId: uuidFor(0) as EventId, nonce: new Uint8Array(16) }),
    });
    const metadata = encodeMetadata({ streamSalt, attestation: attestationOf(prepared!) });
    expect(codeOf(() => openEvent({ ...first, data, metadata }))).toBe('EVENT_INVALID');
  });
});

describe('metadata', () => {
  const good = (): JsonObject => parseJson(stored()[0]!.metadata) as JsonObject;

  it.each<[string, (value: JsonObject) => unknown]>([
    ['another version', (value) => ({ ...value, v: 2 })],
    ['an unknown member', (value) => ({ ...value, more: 1 })],
    ['a short salt', (value) => ({ ...value, streamSalt: 'AAAA' })],
    ['a salt with loose bits', (value) => ({ ...value, streamSalt: `${'A'.repeat(21)}B==` })],
    ['an opening without a value', (value) => ({ ...value, openings: { subject: { salt: toBase64(streamSalt) } } })],
    [
      'an opening with more',
      (value) => ({ ...value, openings: { subject: { salt: toBase64(streamSalt), value: 1, x: 1 } } }),
    ],
    ['openings as a list', (value) => ({ ...value, openings: [] })],
    ['a trace of another type', (value) => ({ ...value, trace: 1 })],
    ['no attestation', ({ attestation: _, ...rest }) => rest],
  ])('is refused with %s', (_, change) => {
    expect(codeOf(() => parseMetadata(canonicalise(change(good()))))).toBe('FOREIGN_EVENT');
  });

  it.each<[string, (attestation: JsonObject) => unknown]>([
    ['a short signature', (attestation) => ({ ...attestation, signature: 'AAAA' })],
    ['an index outside the batch', (attestation) => ({ ...attestation, batch: { index: 1, size: 1, path: [] } })],
    ['an empty batch', (attestation) => ({ ...attestation, batch: { index: 0, size: 0, path: [] } })],
    ['a fraction', (attestation) => ({ ...attestation, batch: { index: 0.5, size: 2, path: [] } })],
    [
      'a long path',
      (attestation) => ({
        ...attestation,
        batch: { index: 0, size: 1, path: Array(33).fill(toBase64(new Uint8Array(32))) },
      }),
    ],
    [
      'a node of 31 bytes',
      (attestation) => ({ ...attestation, batch: { index: 0, size: 2, path: [toBase64(new Uint8Array(31))] } }),
    ],
    ['a key id in capitals', (attestation) => ({ ...attestation, keyId: '0123456789ABCDEF' })],
    ['more', (attestation) => ({ ...attestation, more: 1 })],
  ])('is refused with an attestation with %s', (_, change) => {
    const value = good();
    const attestation = change(value['attestation'] as JsonObject);
    expect(codeOf(() => parseMetadata(canonicalise({ ...value, attestation })))).toBe('ATTESTATION_INVALID');
  });
});

describe('an entry', () => {
  const text = (): string => parseMetadata(stored()[0]!.metadata).attestation.entry;

  it('is read back as it was written', () => {
    expect(entryText(parseEntry(utf8(text())))).toBe(text());
  });

  it.each<[string, (entry: string) => string]>([
    ['another version', (entry) => entry.replace('"v":1', '"v":2')],
    ['a member more', (entry) => entry.replace('"v":1', '"v":1,"w":1')],
    ['a member less', (entry) => entry.replace(',"v":1', '')],
    ['a revision as a number', (entry) => entry.replace('"revision":"0"', '"revision":0')],
    ['a revision with a leading zero', (entry) => entry.replace('"revision":"0"', '"revision":"00"')],
    ['a revision beyond 2^63', (entry) => entry.replace('"revision":"0"', '"revision":"9223372036854775808"')],
    ['another date form', (entry) => entry.replace('.000Z', 'Z')],
    ['a digest in capitals', (entry) => entry.replace('sha256:', 'SHA256:')],
    ['white space', (entry) => `${entry} `],
    ['another type version', (entry) => entry.replace('"typeVersion":1', '"typeVersion":0')],
  ])('is refused with %s', (_, change) => {
    expect(codeOf(() => parseEntry(utf8(change(text()))))).not.toBe('opened');
  });

  it('carries the largest revision that a store can hold', () => {
    const entry = parseEntry(utf8(text().replace('"revision":"0"', '"revision":"9223372036854775807"')));
    expect(entry.revision).toBe(9_223_372_036_854_775_807n);
  });
});
