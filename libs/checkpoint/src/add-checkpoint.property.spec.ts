import fc from 'fast-check';

import { utf8 } from '@writ/encoding';

import { formatAddCheckpoint, parseAddCheckpoint } from './add-checkpoint.js';
import { codeOf, cosigned } from './notes.fixture.js';

const request = fc.record({
  oldSizeLeaves: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  path: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
  checkpoint: fc.integer({ min: 0, max: 3 }).map((count) => cosigned(count)),
});

describe('the request to a witness', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(request, (sent) => {
        const text = formatAddCheckpoint(sent);
        expect(parseAddCheckpoint(text)).toEqual(sent);
        expect(parseAddCheckpoint(utf8(text))).toEqual(sent);
      }),
      { numRuns: 50 },
    );
  });

  it('has one spelling: what is read is what would be written', () => {
    const text = formatAddCheckpoint({ oldSizeLeaves: 5n, path: [new Uint8Array(32)], checkpoint: cosigned(1) });
    fc.assert(
      fc.property(fc.nat(text.length), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(3), (at, added, removed) => {
        const changed = `${text.slice(0, at)}${added}${text.slice(at + removed)}`;
        try {
          expect(formatAddCheckpoint(parseAddCheckpoint(changed))).toBe(changed);
        } catch (error) {
          expect(['REQUEST_INVALID', 'NOTE_INVALID']).toContain((error as { code?: unknown }).code);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what is no request', () => {
    for (const body of ['', 'old 5', 'old 5\n\n', `old 5\n${'A'.repeat(44)}\n`, 5, null, undefined, {}]) {
      expect(['REQUEST_INVALID', 'NOTE_INVALID']).toContain(codeOf(() => parseAddCheckpoint(body as string)));
    }
  });
});
