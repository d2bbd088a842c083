import { canonicalise, formatDigest, toBase64, type KeyId } from '@writ/encoding';
import { encodeMetadata, parseMetadata, type EventMetadata } from './metadata.js';

const attestation = {
  entry: '{"dataDigest":"sha256:00","streamRef":"a\\"b\\u0001"}',
  keyId: '0123456789abcdef' as KeyId,
  batch: { index: 1, size: 3, path: [toBase64(new Uint8Array(32)), toBase64(new Uint8Array(32).fill(1))] },
  signature: toBase64(new Uint8Array(64).fill(2)),
};
const streamSalt = new Uint8Array(16).fill(3);
const openings = {
  'signal:ü "quoted"': { salt: toBase64(streamSalt), value: { b: [1, 'x\n'], a: null } },
  subject: { salt: toBase64(streamSalt), value: formatDigest(new Uint8Array(32)) },
};

const cases: readonly EventMetadata[] = [
  { attestation },
  { attestation: { ...attestation, batch: { index: 0, size: 1, path: [] } } },
  { attestation, streamSalt },
  { attestation, openings },
  { attestation, streamSalt, openings, trace: '00-"\\-01' },
];

describe('encodeMetadata', () => {
  it.each(cases.map((metadata) => [metadata]))('writes the canonical form, which is read back', (metadata) => {
    const bytes = encodeMetadata(metadata);
    const { streamSalt: salt, ...rest } = metadata;
    const plain = { v: 1, ...rest, ...(salt === undefined ? {} : { streamSalt: toBase64(salt) }) };
    expect(Buffer.from(bytes).toString()).toBe(Buffer.from(canonicalise(plain)).toString());
    expect(parseMetadata(bytes)).toEqual(metadata);
  });
});
