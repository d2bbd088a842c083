import { toBase64, toHex, sha256, concatBytes, utf8, parseDigest } from '@writ/encoding';

import { commit, commitBodyDigest, holderHashOf, opens } from './commitment.js';
import {
  executionStream,
  keysStream,
  lineageStream,
  parseOrigin,
  parseStreamName,
  policyStream,
  refusalsStream,
  streamRefOf,
} from './stream.js';

const salt = new Uint8Array(16).map((_, at) => at);

describe('a commitment', () => {
  it('is SHA-256(0x02 ‖ salt ‖ canonical([name, value]))', () => {
    const bytes = concatBytes(Uint8Array.of(2), salt, utf8('["parameters",{"a":1,"b":[true,null]}]'));
    expect(commit(salt, 'parameters', { b: [true, null], a: 1 })).toBe(`sha256:${toHex(sha256(bytes))}`);
  });

  it('is opened by its own name, salt and value alone', () => {
    const commitment = commit(salt, 'signal:score', { value: 720 });
    const opening = { salt: toBase64(salt), value: { value: 720 } };
    expect(opens(commitment, 'signal:score', opening)).toBe(true);
    expect(opens(commitment, 'signal:other', opening)).toBe(false);
    expect(opens(commitment, 'signal:score', { ...opening, value: { value: 721 } })).toBe(false);
    expect(opens(commitment, 'signal:score', { ...opening, salt: toBase64(new Uint8Array(16)) })).toBe(false);
    expect(opens(commitment, 'signal:score', { ...opening, salt: 'no base64' })).toBe(false);
    expect(opens(commitment, 'signal:score', { ...opening, value: undefined as never })).toBe(false);
  });

  it('holds what the edge accepts at its deepest', () => {
    let value: unknown = 1;
    for (let depth = 0; depth < 32; depth++) value = [value];
    expect(() => commit(salt, 'signal:deep', { value })).not.toThrow();
  });

  it.each([[new Uint8Array(15)], [new Uint8Array(17)], ['0123456789abcdef']])('needs 16 bytes of salt: %p', (bad) => {
    expect(() => commit(bad as Uint8Array, 'subject', 1)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    expect(() => holderHashOf(bad as Uint8Array)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('tells commit bodies apart', () => {
    const body = { outcome: 'succeeded', parameters: commit(salt, 'parameters', {}), result: null } as const;
    expect(commitBodyDigest(salt, body)).toBe(commitBodyDigest(salt, { ...body }));
    expect(commitBodyDigest(salt, body)).not.toBe(commitBodyDigest(salt, { ...body, result: 0 }));
    expect(commitBodyDigest(salt, body)).not.toBe(commitBodyDigest(salt, { ...body, outcome: 'failed' }));
  });

  it('of a holder is SHA-256 over its own prefix line', () => {
    expect(holderHashOf(salt)).toBe(`sha256:${toHex(sha256(concatBytes(utf8('writ/holder/v1\n'), salt)))}`);
  });
});

describe('a stream name', () => {
  it.each([
    executionStream('acme' as never, 'a.b-c:d' as never),
    policyStream('acme' as never, 'loan-approval' as never),
    keysStream('ledger.example/loans'),
    refusalsStream('acme' as never),
    lineageStream('localhost:7070'),
  ])('is read back: %s', (name) => {
    const parsed = parseStreamName(name);
    expect(name.startsWith(`${parsed.kind}-`)).toBe(true);
  });

  it('is split at the first dot, because a tenant has none', () => {
    expect(parseStreamName('execution-acme.a.b-c')).toEqual({
      kind: 'execution',
      tenant: 'acme',
      executionId: 'a.b-c',
    });
  });

  it.each([
    '',
    'execution',
    'execution-acme',
    'execution-acme.',
    'execution-ACME.x',
    'policy-acme.X',
    'other-acme',
    'keys-',
    'keys-A',
    'refusals-a.b',
  ])('that we never build is refused: %j', (name) => {
    expect(() => parseStreamName(name)).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }));
  });

  it.each(['writ/attestation/v1', 'writ/checkpoint/v1', 'two\nlines', 'a b', 'a+b', '/a', 'a/', ''])(
    'is no origin: %j',
    (origin) => {
      expect(() => parseOrigin(origin)).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }));
    },
  );

  it('stands in an entry as a salted hash, or in clear where it shows nothing', () => {
    const bytes = concatBytes(Uint8Array.of(3), salt, utf8('execution-acme.order-1'));
    expect(parseDigest(streamRefOf('execution-acme.order-1', salt))).toEqual(sha256(bytes));
    expect(streamRefOf('policy-acme.loan-approval', undefined)).toBe('policy-acme.loan-approval');
    expect(() => streamRefOf('refusals-acme', undefined)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});
