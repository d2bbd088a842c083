import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalise, canonicalText, parseCanonical, parseJson, toHex } from '@writ/encoding';
import { bytesOf, codeOf, describeVectors, filesBelow } from './published.js';

describeVectors('json-canonicalization/testdata', (folder) => {
  const files = filesBelow(join(folder, 'input'));

  test('the folder holds all six documents', () => {
    expect(files).toHaveLength(6);
  });

  test.each(files)('%s has the published canonical form, byte for byte', (file) => {
    const canonical = canonicalise(parseJson(bytesOf(join(folder, 'input', file))));
    const outhex = readFileSync(join(folder, 'outhex', file.replace('.json', '.txt')), 'utf8').replace(/\s/g, '');
    expect(toHex(canonical)).toBe(outhex);
    expect(canonical).toEqual(bytesOf(join(folder, 'output', file)));
    expect(canonicalise(parseCanonical(canonical))).toEqual(canonical);
  });
});

describeVectors('json-canonicalization/es6numbers-10000.txt', (file) => {
  const rows = readFileSync(file, 'utf8').trim().split('\n');

  /** The published spelling of the double whose bits are `hex` (big-endian, leading zeros left out). */
  function vectorOf(row: string): { value: number; text: string } {
    const [hex, text] = row.split(',') as [string, string];
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigUint64(0, BigInt(`0x${hex}`));
    return { value: bits.getFloat64(0), text };
  }

  test('every double is spelled as published, or is an integer that I-JSON cannot carry', () => {
    let refused = 0;
    for (const { value, text } of rows.map(vectorOf)) {
      if (/^-?[0-9]+$/.test(text) && !Number.isSafeInteger(value)) {
        refused += 1;
        expect(String(value)).toBe(text);
        expect(codeOf(() => canonicalText(value))).toBe('JSON_UNREPRESENTABLE');
        expect(codeOf(() => parseJson(text))).toBe('JSON_NUMBER_RANGE');
      } else {
        expect(canonicalText(value)).toBe(text);
        expect(parseJson(text)).toBe(Object.is(value, -0) ? 0 : value);
      }
    }
    expect({ rows: rows.length, refused }).toEqual({ rows: 10_000, refused: 84 });
  });
});
