import { LedgerError } from '@writ/errors';
import fc from 'fast-check';
import { formatCheckpoint, parseCheckpoint } from './checkpoint-text.js';
import { checkpointText, cosigned, log, witnesses } from './notes.fixture.js';
import { formatNote, parseNote } from './signed-note.js';
import { formatTlogProof, parseTlogProof } from './tlog-proof.js';
import { formatTrustPolicy, parseTrustPolicy } from './trust-policy.js';
import { formatVerifierKey, parseVerifierKey } from './verifier-key.js';

const vkey = formatVerifierKey(log.key);
const witnessLines = witnesses.map(({ key }, at) => `witness w${String(at)} ${formatVerifierKey(key)}\n`).join('');
const path = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

interface Format {
  readonly seed: string;
  /** Reads and writes again. */
  readonly again: (text: string) => string;
}

const allowExtensions = { allowExtensions: true };
const formats: Readonly<Record<string, Format>> = {
  note: { seed: cosigned(2), again: (text) => formatNote(parseNote(text)) },
  checkpoint: {
    seed: `${checkpointText}more\n`,
    again: (text) => formatCheckpoint(parseCheckpoint(text, allowExtensions)),
  },
  vkey: { seed: vkey, again: (text) => formatVerifierKey(parseVerifierKey(text)) },
  proof: {
    seed: formatTlogProof({ index: 2n, path, checkpoint: cosigned(1), extra: Uint8Array.of(1) }),
    again: (text) => formatTlogProof(parseTlogProof(text)),
  },
  policy: {
    seed: `log ${vkey}\n${witnessLines}group g 2 w0 w1 w2\nquorum g\n`,
    // Comments and spaces are not kept: what was written is its own form.
    again: (text) => {
      const written = formatTrustPolicy(parseTrustPolicy(text));
      return formatTrustPolicy(parseTrustPolicy(written)) === written ? text : written;
    },
  },
};

/** Cuts, doubles and swaps pieces, and puts in what a parser trips over. */
const edit = fc.record({
  at: fc.nat(),
  length: fc.nat(12),
  piece: fc.oneof(
    fc.constantFrom(
      '\n',
      '\n\n',
      ' ',
      '\t',
      '\r',
      '+',
      '=',
      '\u2014 ',
      '0',
      '-',
      '\0',
      '\ufeff',
      '\ud800',
      'none',
      '__proto__',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constant(undefined),
  ),
});

test.each(Object.entries(formats))(
  'a changed %s is refused with a code, or comes back as it was',
  (_, { seed, again }) => {
    expect(again(seed)).toBe(seed);
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let text = seed;
        for (const { at, length, piece } of edits) {
          const begin = at % (text.length + 1);
          text = text.slice(0, begin) + (piece ?? text.slice(0, length)) + text.slice(begin + length);
        }
        try {
          expect(again(text)).toBe(text);
        } catch (error) {
          if (!(error instanceof LedgerError)) throw error;
          expect(error.kind).toBe('Rejected');
        }
      }),
      { numRuns: 2_000 },
    );
  },
);

test.each([undefined, null, 7, {}, [], new Uint16Array(3)])('%p is refused with a code', (value) => {
  for (const parse of [parseNote, parseCheckpoint, parseVerifierKey, parseTlogProof, parseTrustPolicy]) {
    expect(() => (parse as (value: unknown) => unknown)(value)).toThrow(expect.objectContaining({ kind: 'Rejected' }));
  }
});
