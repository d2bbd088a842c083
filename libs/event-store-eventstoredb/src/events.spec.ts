import type { NewEvent } from '@writ/event-store';
import {
  eventsOf,
  isSystemRecord,
  packAppend,
  packRecord,
  unpackAppend,
  unpackRecords,
  type ClientRecord,
} from './events.js';
import { Packer, Unpacker } from './packing.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const event = (over: Partial<NewEvent> = {}): NewEvent => ({
  eventId: '0190a6e0-0000-7000-8000-000000000001',
  type: 'SampleHappened',
  typeVersion: 1,
  data: bytes('{"a":1}'),
  metadata: bytes('{"b":2}'),
  ...over,
});

function record(over: Partial<ClientRecord> = {}): ClientRecord {
  return {
    streamId: 'sample-t.1',
    id: '0190a6e0-0000-7000-8000-000000000001',
    revision: 2n ** 53n + 1n,
    type: 'SampleHappened',
    data: bytes('{"a":1}'),
    metadata: bytes('v7\n{"b":2}'),
    position: { commit: 2n ** 62n },
    ...over,
  };
}

function throughThread(...records: readonly ClientRecord[]) {
  const packer = new Packer(1);
  for (const one of records) packRecord(packer, one);
  const { buffer, used } = packer.take();
  return unpackRecords(buffer, used);
}

describe('events on their way to the client', () => {
  it('carry the version of their type in a line before the metadata, and never as JSON', () => {
    const packer = new Packer(1);
    packer.u32(77);
    packer.raw(packAppend('sample-t.1', 'no_stream', [event(), event({ typeVersion: 0x7fff_ffff })]));
    packer.u32(78);
    packer.raw(packAppend('é', 5n, [event({ data: new Uint8Array(), metadata: new Uint8Array() })]));
    const { buffer, used } = packer.take();
    const from = new Unpacker(buffer, 0, used);
    const first = unpackAppend(from);
    const second = unpackAppend(from);
    expect(from.done).toBe(true);
    expect(first).toMatchObject({ requestId: 77, stream: 'sample-t.1', expected: 'no_stream' });
    expect(first.events).toStrictEqual([
      {
        id: event().eventId,
        type: 'SampleHappened',
        contentType: 'application/octet-stream',
        data: bytes('{"a":1}'),
        metadata: bytes('v1\n{"b":2}'),
      },
      {
        id: event().eventId,
        type: 'SampleHappened',
        contentType: 'application/octet-stream',
        data: bytes('{"a":1}'),
        metadata: bytes('v2147483647\n{"b":2}'),
      },
    ]);
    expect(second).toMatchObject({ requestId: 78, stream: 'é', expected: 5n });
    expect(second.events[0]).toMatchObject({ data: new Uint8Array(), metadata: bytes('v1\n') });
    // The client writes anything but a plain Uint8Array as JSON text.
    expect(
      first.events.every(({ data, metadata }) => [data, metadata].every((b) => b.constructor === Uint8Array)),
    ).toBe(true);
  });

  it('come out of the packed copy as they went in', () => {
    const events = [event(), event({ typeVersion: 12, metadata: bytes('v3\nnot ours') })];
    expect(eventsOf(packAppend('s', 3n, events))).toStrictEqual(events);
  });
});

describe('events on their way back', () => {
  it('come back byte for byte, with 64-bit numbers whole', () => {
    const [read] = throughThread(record());
    expect(read).toStrictEqual({
      ...event({ typeVersion: 7 }),
      stream: 'sample-t.1',
      revision: 2n ** 53n + 1n,
      position: 2n ** 62n,
    });
  });

  it('have bytes of their own', () => {
    const [a, b] = throughThread(record(), record());
    a?.data.fill(0);
    expect(b?.data).toStrictEqual(bytes('{"a":1}'));
    expect(b?.data.buffer.byteLength).toBe(7);
  });

  it.each<[string, unknown, string]>([
    ['none', undefined, ''],
    ['parsed JSON', { b: 2 }, '{"b":2}'],
    ['no line', bytes('{"b":2'), '{"b":2'],
    ['a line with a leading zero', bytes('v01\n{}'), 'v01\n{}'],
    ['a version out of range', bytes('v2147483648\n{}'), 'v2147483648\n{}'],
    ['a line that is too long', bytes('v00000000000001\n'), 'v00000000000001\n'],
    ['version 0', bytes('v0\n{}'), 'v0\n{}'],
  ])('come back whole, as version 1, with metadata that is not ours: %s', (_case, metadata, expected) => {
    const [read] = throughThread(record({ metadata }));
    expect(read).toMatchObject({ typeVersion: 1 });
    expect(Buffer.from(read?.metadata ?? []).toString()).toBe(expected);
  });

  it('are told from those of the server', () => {
    expect(isSystemRecord({ streamId: '$settings', type: 'x' })).toBe(true);
    expect(isSystemRecord({ streamId: '$$sample-t.1', type: '$metadata' })).toBe(true);
    expect(isSystemRecord({ streamId: 'sample-t.1', type: '$>' })).toBe(true);
    expect(isSystemRecord({ streamId: 'sample-t.1', type: 'SampleHappened' })).toBe(false);
  });
});
