import { formatVerifierKey } from '@writ/checkpoint';
import { toBase64 } from '@writ/encoding';

import { FixtureKey, FixtureNoteKey } from './fixture-keys.fixture.js';
import { formatTrustFile, parseTrustFile } from './index.js';
import { ORIGIN } from './ledger.fixture.js';

const log = new FixtureNoteKey(ORIGIN, 0x21);
const witness = FixtureNoteKey.witness('witness.example/w1', 0x31);
const [first, second] = [new FixtureKey(0x01), new FixtureKey(0x02)];
const pin = ({ keyId, publicKey }: FixtureKey): string => `attestation ${keyId} ${toBase64(publicKey)}`;
const LOG = `log ${formatVerifierKey(log.key)}`;
const WITNESS = `witness w1 ${formatVerifierKey(witness.key)} https://witness.example`;
const text = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;
const WHOLE = text('# our ledger', LOG, WITNESS, '', 'quorum w1', pin(first), `\t${pin(second).replace(' ', '\t ')}`);

/** The line that is complained of, and the code. */
function refusal(file: string): unknown {
  try {
    parseTrustFile(file);
    return undefined;
  } catch (error) {
    const { code, details } = error as { code: string; details: { line: number } };
    return [code, details.line];
  }
}

describe('a trust file', () => {
  it('names a ledger, its witnesses and its keys', () => {
    const { origin, policy, keys } = parseTrustFile(WHOLE);
    expect(origin).toBe(ORIGIN);
    expect(policy.logs).toEqual([{ key: log.key }]);
    expect(policy.witnesses).toEqual([{ name: 'w1', key: witness.key, url: 'https://witness.example' }]);
    expect(policy.quorum).toEqual({ kind: 'witness', name: 'w1' });
    expect(keys.map(({ keyId }) => keyId)).toEqual([first.keyId, second.keyId]);
    expect(keys[0]?.publicKey).toEqual(first.publicKey);
  });

  it('is written as it is read', () => {
    const trust = parseTrustFile(WHOLE);
    expect(parseTrustFile(formatTrustFile(trust))).toEqual(trust);
    expect(() => formatTrustFile({ ...trust, keys: [] })).toThrow(
      expect.objectContaining({ code: 'TRUST_FILE_INVALID' }),
    );
  });

  const other = new FixtureNoteKey('ledger.example/other', 0x22);
  const odd = new FixtureNoteKey('Ledger of ours'.replaceAll(' ', '_'), 0x24);
  it.each<[string, string, number]>([
    ['no key', text(LOG, 'quorum none'), 0],
    ['no log', text('quorum none', pin(first)), 0],
    ['two logs', text(LOG, `log ${formatVerifierKey(other.key)}`, 'quorum none', pin(first)), 0],
    ['a log whose name is no origin', text(`log ${formatVerifierKey(odd.key)}`, 'quorum none', pin(first)), 0],
    ['no quorum', text(LOG, pin(first)), 0],
    ['a line of another kind', text(LOG, pin(first), 'trust everybody', 'quorum none'), 3],
    ['a key twice', text(LOG, 'quorum none', pin(first), pin(first)), 4],
    ['a key under another id', text(LOG, 'quorum none', pin(first).replace(first.keyId, second.keyId)), 3],
    ['a key without id', text(LOG, 'quorum none', `attestation ${toBase64(first.publicKey)}`), 3],
    ['a key with a remark', text(LOG, 'quorum none', `${pin(first)} x`), 3],
    ['a key of another length', text(LOG, 'quorum none', `attestation ${first.keyId} AAAA`), 3],
    ['a key that is no point', text(LOG, 'quorum none', `attestation ${first.keyId} ${'A'.repeat(44)}`), 3],
    ['a last line without its end', text(LOG, 'quorum none', pin(first)).trimEnd(), 3],
    ['a control character', text(LOG, 'quorum none', pin(first), '# \u0007'), 4],
  ])('is refused: %s', (_, file, line) => {
    expect(refusal(file)).toEqual(['TRUST_FILE_INVALID', line]);
  });
});
