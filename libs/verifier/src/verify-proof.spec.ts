import { formatTlogProof } from '@writ/checkpoint';
import { utf8 } from '@writ/encoding';
import { inclusionPath } from '@writ/merkle';

import { FixtureKey } from './fixture-keys.fixture.js';
import { verifyAttestationAlone, verifyTlogProof, type Report } from './index.js';
import { FixtureLedger, ORIGIN } from './ledger.fixture.js';

const ledger = new FixtureLedger();
ledger.publish();
ledger.activate();
ledger.crowd(3);
const trust = ledger.trust();
const proofOf = (index: number): string =>
  formatTlogProof({
    index: BigInt(index),
    path: inclusionPath(ledger.leafHashes, index),
    checkpoint: ledger.checkpoint(),
  });
const codesOf = ({ checks }: Report): unknown[] =>
  checks.filter(({ status }) => status !== 'passed').map(({ name, code }) => [name, code]);

describe('a proof of one entry', () => {
  it('shows that it is included, and where', () => {
    const report = verifyTlogProof(proofOf(1), ledger.entries[1], trust);
    expect(report).toMatchObject({ kind: 'tlog-proof', verdict: 'included', required: 'included', accepted: true });
    expect(report.claims).toMatchObject({
      origin: ORIGIN,
      asOf: { sizeLeaves: String(ledger.events.length) },
      entry: { type: 'PolicyPublished', index: '1', keyId: null },
    });
    expect(codesOf(report)).toEqual([['freshness', 'NOT_ASKED']]);
  });

  it('shows nothing without the entry, or with another one', () => {
    expect(verifyTlogProof(proofOf(1), undefined, trust)).toMatchObject({ verdict: null, accepted: false });
    expect(codesOf(verifyTlogProof(proofOf(1), undefined, trust))).toContainEqual(['inclusion', 'NO_ENTRY']);
    expect(codesOf(verifyTlogProof(proofOf(1), ledger.entries[2], trust))).toContainEqual([
      'inclusion',
      'PROOF_INVALID',
    ]);
  });

  it('is held to the trust file', () => {
    const other = new FixtureLedger(ORIGIN, 0x22).trust();
    expect(codesOf(verifyTlogProof(proofOf(0), ledger.entries[0], other))).toEqual([
      ['checkpoint', 'NOTE_UNSIGNED'],
      ['quorum', 'RESTS_ON_FAILED'],
      ['freshness', 'RESTS_ON_FAILED'],
    ]);
    const aged = verifyTlogProof(proofOf(0), ledger.entries[0], trust, { age: { nowMs: 1, maxAgeMs: 1 } });
    expect(codesOf(aged)).toEqual([['freshness', 'CHECKPOINT_STALE']]);
  });

  it.each(['', 'c2sp.org/tlog-proof@v1\n', proofOf(0).slice(1), '\ud800', 'x'.repeat(3_000_000)])(
    'is refused where it is none (%#)',
    (text) => {
      expect(codesOf(verifyTlogProof(text, ledger.entries[0], trust))[0]).toEqual(['form', 'PROOF_INVALID']);
    },
  );
});

describe('an attestation by itself', () => {
  const { attestation } = ledger.events[2]!;
  const text = JSON.stringify(attestation);

  it('shows that a pinned key signed the entry, and no more', () => {
    const report = verifyAttestationAlone(text, trust);
    expect(report).toMatchObject({ kind: 'attestation', verdict: 'signed', accepted: true });
    expect(report.claims).toMatchObject({ asOf: null, entry: { type: 'PolicyActivated', index: null } });
  });

  it('by a key that is not pinned shows nothing', () => {
    const report = verifyAttestationAlone(text, { ...trust, keys: [new FixtureKey(9)] });
    expect(codesOf(report)).toEqual([
      ['attestations', 'RESTS_ON_FAILED'],
      ['keys', 'KEY_UNKNOWN'],
    ]);
  });

  it('is of this ledger and of this entry', () => {
    const elsewhere = verifyAttestationAlone(text, { ...trust, origin: 'ledger.example/other' });
    expect(codesOf(elsewhere)).toEqual([['attestations', 'ATTESTATION_INVALID']]);
    const other = ledger.events[3]!.attestation.entry;
    const swapped = verifyAttestationAlone(JSON.stringify({ ...attestation, entry: other }), trust);
    expect(codesOf(swapped)).toEqual([['attestations', 'ATTESTATION_INVALID']]);
    const foreign = verifyAttestationAlone(JSON.stringify({ ...attestation, entry: 'x' }), trust);
    expect(codesOf(foreign)).toEqual([
      ['entries', 'FOREIGN_EVENT'],
      ['attestations', 'ATTESTATION_INVALID'],
    ]);
  });

  it.each(['', '{}', '[]', 'null', text.slice(1), `${text}x`])('is refused where it is none (%#)', (file) => {
    expect(codesOf(verifyAttestationAlone(utf8(file), trust))[0]).toEqual(['form', 'ATTESTATION_INVALID']);
  });
});
