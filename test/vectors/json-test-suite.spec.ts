import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalText, parseCanonical, parseJson, utf8 } from '@writ/encoding';
import { bytesOf, codeOf, describeVectors, filesBelow } from './published.js';

/** JSON that RFC 8259 allows and I-JSON (RFC 7493) does not. */
const VALID_BUT_NOT_I_JSON: Readonly<Record<string, string>> = {
  'y_object_duplicated_key.json': 'JSON_DUPLICATE_NAME',
  'y_object_duplicated_key_and_value.json': 'JSON_DUPLICATE_NAME',
  'y_string_escaped_noncharacter.json': 'JSON_STRING_INVALID',
  'y_string_last_surrogates_1_and_2.json': 'JSON_STRING_INVALID',
  'y_string_nonCharacterInUTF-8_U+10FFFF.json': 'JSON_STRING_INVALID',
  'y_string_nonCharacterInUTF-8_U+FFFF.json': 'JSON_STRING_INVALID',
  'y_string_unicode_U+10FFFE_nonchar.json': 'JSON_STRING_INVALID',
  'y_string_unicode_U+1FFFE_nonchar.json': 'JSON_STRING_INVALID',
  'y_string_unicode_U+FDD0_nonchar.json': 'JSON_STRING_INVALID',
  'y_string_unicode_U+FFFE_nonchar.json': 'JSON_STRING_INVALID',
};

/** The rows `| i_….json | … | CODE |` of the specification. */
function decided(): ReadonlyMap<string, string> {
  const spec = readFileSync(join(__dirname, '../../docs/spec/json.md'), 'utf8');
  const rows = spec.matchAll(/^\| `(i_[^`]+\.json)` +\|[^|]+\| `([A-Z_]+)` +\|$/gm);
  return new Map([...rows].map((row) => [row[1]!, row[2]!]));
}

describeVectors('JSONTestSuite/test_parsing', (folder) => {
  const files = filesBelow(folder);
  const startingWith = (letter: string) => files.filter((file) => file.startsWith(`${letter}_`));

  test('the folder holds the whole suite', () => {
    expect(files).toHaveLength(318);
  });

  test.each(startingWith('y'))('%s is accepted, or is not I-JSON', (file) => {
    const bytes = bytesOf(join(folder, file));
    const expected = VALID_BUT_NOT_I_JSON[file];
    expect(codeOf(() => parseJson(bytes))).toBe(expected);
    if (expected !== undefined) return;
    const value = parseJson(bytes);
    expect(value).toEqual(withoutMinusZero(JSON.parse(readFileSync(join(folder, file), 'utf8'))));
    expect(parseCanonical(utf8(canonicalText(value)))).toEqual(value);
  });

  test.each(startingWith('n'))('%s is refused', (file) => {
    expect(codeOf(() => parseJson(bytesOf(join(folder, file))))).toMatch(/^JSON_/);
  });

  test('the specification decides every implementation-defined file, and nothing else', () => {
    expect([...decided().keys()].sort()).toEqual(startingWith('i'));
  });

  test.each(startingWith('i'))('%s is refused as the specification says', (file) => {
    expect(codeOf(() => parseJson(bytesOf(join(folder, file))))).toBe(decided().get(file));
  });
});

describeVectors('JSONTestSuite/test_transform', (folder) => {
  const accepted: Readonly<Record<string, string>> = {
    'number_1.0.json': '[1]',
    'number_1.000000000000000005.json': '[1]',
    'number_1000000000000000.json': '[1000000000000000]',
    'number_1e6.json': '[1000000]',
    'object_key_nfc_nfd.json': '{"e\u0301":"NFD","\u00e9":"NFC"}',
    'object_key_nfd_nfc.json': '{"e\u0301":"NFD","\u00e9":"NFC"}',
    'string_with_escaped_NULL.json': '["A\\u0000B"]',
  };

  test.each(filesBelow(folder))('%s is carried unchanged or refused', (file) => {
    const bytes = bytesOf(join(folder, file));
    const expected = accepted[file];
    if (expected === undefined) expect(codeOf(() => parseJson(bytes))).toMatch(/^JSON_/);
    else expect(canonicalText(parseJson(bytes))).toBe(expected);
  });
});

function withoutMinusZero(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  return Object.is(value, -0) ? 0 : value;
}
