import protobuf from 'protobufjs';

import { createDecoder } from './decode-message.js';
import { createEncoder } from './encode-message.js';

const root = protobuf.parse(`
  syntax = "proto3";
  enum Colour { NONE = 0; RED = 1; }
  message Inner { string name = 1; uint64 count = 2; repeated bytes hashes = 3; }
  message Outer {
    string text = 1;
    bytes data = 2;
    bool flag = 3;
    uint32 small = 4;
    uint64 large = 5;
    Colour colour = 6;
    Inner inner = 7;
    repeated Inner list = 8;
    map<string, Inner> named = 9;
    optional uint64 maybe = 10;
    repeated Colour colours = 11;
    repeated string words = 12;
    int64 signed = 200;
  }
  message Plain { string text = 1; uint64 large = 5; Inner inner = 7; repeated Inner list = 8; optional uint64 maybe = 10; }
`).root;
root.resolveAll();
const outer = root.lookupType('Outer');
const decode = createDecoder(outer);
const encodePlain = createEncoder(root.lookupType('Plain'));

const bytesOf = (message: object): Buffer => Buffer.from(outer.encode(outer.fromObject(message)).finish());

function refusal(bytes: Buffer): { code: string; field: string } {
  try {
    decode(bytes);
  } catch (error) {
    const { code, details } = error as { code: string; details: { field: string } };
    return { code, field: details.field };
  }
  throw new Error('was accepted');
}

describe('decoder', () => {
  it('reads every type, and fills in what is absent', () => {
    const message = decode(
      bytesOf({
        text: 'zwölf',
        data: Buffer.from([1, 2]),
        flag: true,
        small: 4_294_967_295,
        large: '18446744073709551615',
        colour: 1,
        inner: { name: 'a', count: 300, hashes: [Buffer.from([7])] },
        list: [{ name: 'b' }, {}],
        named: { key: { name: 'c' } },
        colours: [1, 0],
        words: ['x', ''],
      }),
    );
    expect(message).toMatchObject({
      text: 'zwölf',
      flag: true,
      small: 4_294_967_295,
      large: { low: 4_294_967_295, high: 4_294_967_295 },
      colour: 1,
      inner: { name: 'a', count: { low: 300, high: 0 } },
      list: [{ name: 'b' }, { name: '', count: { low: 0, high: 0 }, hashes: [] }],
      colours: [1, 0],
      words: ['x', ''],
    });
    expect(Object.getPrototypeOf(message['named'])).toBeNull();
    expect('maybe' in message).toBe(false);
    const empty = decode(Buffer.alloc(0));
    expect(empty).toMatchObject({ text: '', flag: false, small: 0, list: [], words: [], colours: [] });
    expect('inner' in empty).toBe(false);
  });

  it('skips fields of a newer protocol', () => {
    const unknown = Buffer.from([(15 << 3) | 2, 3, 1, 2, 3, (14 << 3) | 0, 5, (13 << 3) | 5, 0, 0, 0, 0]);
    expect(decode(Buffer.concat([unknown, bytesOf({ text: 'x' })]))).toMatchObject({ text: 'x' });
  });

  it.each([
    ['a wrong wire type', Buffer.from([(1 << 3) | 0, 1]), 'text'],
    ['a value that is cut off', Buffer.from([(1 << 3) | 2, 5, 65]), 'text'],
    ['a length beyond the end', Buffer.from([(2 << 3) | 2, 0xff, 0xff, 0xff, 0xff, 0x0f]), 'data'],
    ['ill-formed UTF-8', Buffer.from([(1 << 3) | 2, 2, 0xc3, 0x28]), 'text'],
    ['a field given twice', Buffer.concat([bytesOf({ small: 1 }), bytesOf({ small: 2 })]), 'small'],
    ['a message given twice', Buffer.concat([bytesOf({ inner: {} }), bytesOf({ inner: {} })]), 'inner'],
    ['a boolean of two', Buffer.from([(3 << 3) | 0, 2]), 'flag'],
    ['a number beyond 32 bits', Buffer.from([(4 << 3) | 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), 'small'],
    ['a varint beyond 64 bits', Buffer.concat([Buffer.from([(5 << 3) | 0]), Buffer.alloc(10, 0xff)]), 'large'],
    ['an unknown enumeration value', Buffer.from([(6 << 3) | 0, 9]), 'colour'],
    [
      'a name given twice in a map',
      Buffer.concat([bytesOf({ named: { k: {} } }), bytesOf({ named: { k: {} } })]),
      'named',
    ],
    ['a forbidden name in a map', bytesOf({ named: { constructor: {} } }), 'named'],
    ['an error inside a message', Buffer.from([(7 << 3) | 2, 2, (1 << 3) | 0, 1]), 'inner.name'],
    ['field number zero', Buffer.from([2, 0]), 'message'],
    ['a group', Buffer.from([(15 << 3) | 3, 0]), 'message field 15'],
  ])('refuses %s', (_name, bytes, field) => {
    expect(refusal(bytes)).toEqual({ code: 'REQUEST_INVALID', field });
  });
});

describe('encoder', () => {
  it('writes what protobufjs reads, lengths of every size', () => {
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 2_100_000]) {
      const text = 'é'.repeat(size);
      const message = { text, inner: { name: text, hashes: [new Uint8Array(size)] }, list: [{}, { name: 'z' }] };
      const read = outer.toObject(outer.decode(encodePlain(message)), { defaults: false });
      expect(read['text'] ?? '').toBe(text);
      expect(read['inner']['name'] ?? '').toBe(text);
      expect(read['inner']['hashes'][0]).toHaveLength(size);
      expect(read['list']).toEqual([{}, { name: 'z' }]);
    }
  });

  it.each([
    [0, '0'],
    [127, '127'],
    [4_294_967_296, '4294967296'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['18446744073709551615', '18446744073709551615'],
    [{ low: 1, high: 2 }, '8589934593'],
  ])('writes the 64-bit number %p', (value, text) => {
    const read = outer.toObject(outer.decode(encodePlain({ maybe: value })), { longs: String });
    expect(read['maybe']).toBe(text);
  });

  it('leaves zeros out, except where their presence counts', () => {
    expect(encodePlain({ text: '', large: 0 })).toHaveLength(0);
    expect(encodePlain({ maybe: 0 })).toEqual(Buffer.from([10 << 3, 0]));
  });

  it('is usable again after a message that it could not write', () => {
    expect(() => encodePlain({ text: 'x', list: 5 })).toThrow(TypeError);
    expect(encodePlain({ text: 'ok' })).toEqual(Buffer.from([10, 2, 111, 107]));
  });
});
