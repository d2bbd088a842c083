import { canonicalise, toBase64 } from '@writ/encoding';
import fc from 'fast-check';

import { dataBySchema } from './event-schema.js';
import { sequencedData } from './sequenced-data.js';

const MAX_REFS = 4;

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const base64Of = (length: number) => bytes(length).map(toBase64);
const counter = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const eventId = fc.uuid({ version: 7 });
const plainName = fc.stringMatching(/^[a-z0-9._:-]{1,40}$/);
const anyName = fc.oneof(plainName, fc.string({ unit: 'grapheme' }));

const dataWith = (name: fc.Arbitrary<string>, maxRefs: number) =>
  fc.record({
    nonce: base64Of(16),
    origin: name,
    firstIndex: counter,
    treeSize: counter,
    root: base64Of(32),
    through: counter,
    refs: fc.array(fc.record({ stream: name, revision: counter, eventId, leafHash: base64Of(32) }), {
      minLength: 1,
      maxLength: maxRefs,
    }),
  });

/** What the schema makes of it; `undefined` where it refuses. */
function bySchema(data: Uint8Array): unknown {
  try {
    return dataBySchema('EntriesSequenced', data);
  } catch {
    return undefined;
  }
}

function quickly(data: Uint8Array): unknown {
  try {
    return sequencedData(data, MAX_REFS);
  } catch {
    return undefined;
  }
}

describe('the quick reader of what was sequenced', () => {
  it('reads all that we write, as the schema does', () => {
    fc.assert(
      fc.property(dataWith(plainName, MAX_REFS), (value) => {
        const data = canonicalise(value);
        expect(quickly(data)).toEqual(value);
        expect(bySchema(data)).toEqual(value);
      }),
    );
  });

  it('reads nothing otherwise than the schema, whatever the names', () => {
    fc.assert(
      fc.property(dataWith(anyName, MAX_REFS), (value) => {
        const data = canonicalise(value);
        const read = quickly(data);
        if (read !== undefined) expect(read).toEqual(bySchema(data));
      }),
    );
  });

  it('reads nothing that the schema refuses, with any byte changed, left out or doubled', () => {
    const change = fc.constantFrom('change', 'drop', 'double');
    fc.assert(
      fc.property(dataWith(plainName, 2), change, fc.nat(), fc.nat({ max: 255 }), (value, what, place, byte) => {
        const data = Array.from(canonicalise(value));
        const at = place % data.length;
        const put = { change: [byte], drop: [], double: [data[at]!, data[at]!] }[what];
        data.splice(at, 1, ...put);
        const read = quickly(Uint8Array.from(data));
        if (read !== undefined) expect(read).toEqual(bySchema(Uint8Array.from(data)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads no more refs than there may be', () => {
    const value = fc.sample(dataWith(plainName, 1), { seed: 1, numRuns: 1 })[0]!;
    const refs = Array.from({ length: MAX_REFS + 1 }, () => value.refs[0]!);
    expect(quickly(canonicalise({ ...value, refs: refs.slice(1) }))).toBeDefined();
    expect(quickly(canonicalise({ ...value, refs }))).toBeUndefined();
    expect(quickly(canonicalise({ ...value, refs: [] }))).toBeUndefined();
  });
});
