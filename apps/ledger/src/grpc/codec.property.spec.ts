import fc from 'fast-check';
import protobuf from 'protobufjs';

import { createDecoder } from './decode-message.js';
import { createEncoder } from './encode-message.js';

const root = protobuf.parse(`
  syntax = "proto3";
  message Node { string text = 1; bytes data = 2; uint64 count = 3; bool flag = 4; Leaf leaf = 5; repeated Leaf leaves = 6; }
  message Leaf { string text = 1; uint32 small = 2; optional string maybe = 3; }
`).root;
root.resolveAll();
const type = root.lookupType('Node');
const encode = createEncoder(type);
const decode = createDecoder(type);

const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const leaf = fc.record({ text, small: fc.nat(4_294_967_295), maybe: text }, { requiredKeys: ['text', 'small'] });
const node = fc.record({
  text,
  data: fc.uint8Array({ maxLength: 300 }),
  count: fc.record({ low: fc.nat(4_294_967_295), high: fc.nat(4_294_967_295) }),
  flag: fc.boolean(),
  leaf,
  leaves: fc.array(leaf, { maxLength: 5 }),
});

describe('codec', () => {
  it('reads back what it wrote, as protobufjs does', () => {
    fc.assert(
      fc.property(node, (message) => {
        const bytes = encode(message);
        const read = decode(bytes);
        expect({ ...read, data: Uint8Array.from(read['data'] as Uint8Array) }).toEqual(message);
        expect(type.decode(bytes)).toMatchObject({ text: message.text, flag: message.flag });
      }),
    );
  });

  it('ends on any bytes, with a message or REQUEST_INVALID', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decode(Buffer.from(bytes));
        } catch (error) {
          expect((error as { code: string }).code).toBe('REQUEST_INVALID');
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
