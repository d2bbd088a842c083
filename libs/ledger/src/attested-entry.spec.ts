import { textOf, utf8 } from '@writ/encoding';

import { attestedEntry } from './attested-entry.js';
import { openEntry, type StoredEvent } from './open-event.js';
import { storedSample } from './stored-sample.fixture.js';

const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return 'read';
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
};

describe('the entry of a stored event, read for the tree', () => {
  const { first, second, clear } = storedSample();

  it.each([
    ['that begins a salted stream', first, undefined],
    ['that follows', second, first],
    ['of a stream that is named in clear', clear, undefined],
  ])('is that of the whole reading, for an event %s', (_what, stored, before) => {
    const naming = before === undefined ? undefined : attestedEntry(before).naming;
    const whole = openEntry(stored, naming?.salt);
    expect(attestedEntry(stored, naming)).toEqual({
      eventId: whole.entry.eventId,
      leafHash: whole.leafHash,
      attestation: whole.attestation,
      naming: { stream: stored.stream, ref: whole.entry.streamRef, salt: whole.streamSalt },
    });
  });

  it('also in another spelling of the metadata', () => {
    const { attestation, ...rest } = JSON.parse(textOf(first.metadata)) as Record<string, unknown>;
    const spelled = { ...first, metadata: utf8(JSON.stringify({ ...rest, attestation }, undefined, 1)) };
    expect(attestedEntry(spelled)).toEqual(attestedEntry(first));
  });

  it.each<[string, Partial<StoredEvent>]>([
    ['stream', { stream: 'execution-acme.other' }],
    ['revision', { revision: 7n }],
    ['event id', { eventId: '01890000-0000-7000-8000-00000000ffff' }],
    ['type', { type: 'ExecutionFailed' }],
    ['type version', { typeVersion: 2 }],
    ['data', { data: utf8('{}') }],
    ['metadata', { metadata: utf8('{}') }],
    ['metadata that are no text', { metadata: Uint8Array.of(0xff) }],
  ])('is refused with another %s, as the whole reading refuses it', (_what, change) => {
    const { naming } = attestedEntry(first);
    const changed = { ...second, ...change };
    expect(codeOf(() => attestedEntry(changed, naming))).toBe('FOREIGN_EVENT');
    expect(codeOf(() => openEntry(changed, naming.salt))).toBe('FOREIGN_EVENT');
  });

  it('is refused without the salt', () => {
    expect(codeOf(() => attestedEntry(second))).toBe('FOREIGN_EVENT');
  });

  it('names nothing but the event that is there, whichever byte of the metadata is another', () => {
    const { entry } = attestedEntry(first).attestation;
    for (let at = 0; at < first.metadata.length; at++) {
      const metadata = first.metadata.slice();
      metadata[at] = (metadata[at] ?? 0) ^ 1;
      try {
        const read = attestedEntry({ ...first, metadata });
        const { dataDigest, eventId, revision } = JSON.parse(read.attestation.entry) as Record<string, unknown>;
        const own = JSON.parse(entry) as Record<string, unknown>;
        expect([dataDigest, eventId, revision]).toEqual([own['dataDigest'], own['eventId'], own['revision']]);
      } catch (error) {
        if (error instanceof Error && 'matcherResult' in error) throw error;
        expect((error as { kind?: unknown }).kind).toBe('Integrity');
      }
    }
  });
});
