import { createHash } from 'node:crypto';
import { installSha256, utf8 } from '@writ/encoding';
import { encodeBundle, parseBundle } from '@writ/evidence';
import { inclusionPath, leafHash, rootOf, verifyInclusion, type Hash } from '@writ/merkle';

import { FixtureKey } from './fixture-keys.fixture.js';
import { createEntryVerifier, type ProvenEntry } from './index.js';
import { FixtureLedger, ORIGIN } from './ledger.fixture.js';
import { SharedInclusion } from './shared-inclusion.js';

installSha256((input) => Uint8Array.from(createHash('sha256').update(input).digest()));

describe('inclusion of many leaves of one tree', () => {
  const leaves = Array.from({ length: 24 }, (_, at) => leafHash(utf8(`entry ${at}`)));
  const stranger = leafHash(utf8('another'));

  function passes(act: () => void): boolean {
    try {
      act();
      return true;
    } catch {
      return false;
    }
  }

  /** The path, and everything that it could be mistaken for. */
  function variants(path: readonly Hash[], at: number): (readonly Hash[])[] {
    const place = at % Math.max(path.length, 1);
    return [
      path,
      path.slice(1),
      path.slice(0, -1),
      [...path, stranger],
      path.map((hash, step) => (step === place ? stranger : hash)),
      path.map((hash, step) => (step === path.length - 1 ? stranger : hash)),
      path.map((hash, step) => (step === place ? hash.slice(1) : hash)),
      [...path].reverse(),
    ];
  }

  it.each([1_000, 12, 1])('is as by itself, with %i nodes kept', (capacity) => {
    for (let size = 1; size <= leaves.length; size += 1) {
      const tree = leaves.slice(0, size);
      const root = rootOf(tree);
      const shared = new SharedInclusion(BigInt(size), root, capacity);
      for (let index = 0; index <= size; index += 1) {
        const leaf = tree[index] ?? stranger;
        const path = index < size ? inclusionPath(tree, index) : inclusionPath(tree, size - 1);
        for (const hash of [leaf, stranger]) {
          for (const variant of variants(path, index + size)) {
            const inclusion = { leafHash: hash, index: BigInt(index), sizeLeaves: BigInt(size), path: variant };
            const alone = passes(() => verifyInclusion(inclusion, root));
            const together = passes(() => shared.verify(hash, BigInt(index), variant));
            if (alone !== together)
              throw new Error(`size ${size}, index ${index}: ${alone} alone, ${together} together`);
          }
        }
      }
    }
  });
});

describe('entries under one checkpoint', () => {
  const second = new FixtureKey(0x02);
  const ledger = new FixtureLedger();
  ledger.publish();
  ledger.activate();
  ledger.crowd(4);
  ledger.rotate(second);
  ledger.crowd(2);
  ledger.evaluate({ executionId: 'under-way' }, { key: ledger.rootKey });
  const cutOff = ledger.events.length;
  ledger.evaluate({ executionId: 'too-late' }, { key: ledger.rootKey });
  ledger.revoke(ledger.rootKey, cutOff);
  const bundle = parseBundle(encodeBundle(ledger.bundleOf(crowdId())));
  const note = ledger.checkpoint();
  const proven: readonly ProvenEntry[] = ledger.events.map(({ attestation }, index) => ({
    attestation,
    index: BigInt(index),
    path: inclusionPath(ledger.leafHashes, index),
  }));

  function crowdId(): string {
    const event = ledger.events.find(({ stream }) => stream.startsWith('execution-acme.'));
    return event?.stream.slice('execution-acme.'.length) ?? '';
  }

  it('verify by keys that count where they signed', () => {
    const { keys } = bundle.streams;
    const verifier = createEntryVerifier(note, ledger.trust(), { keys });
    const codes = proven.map((entry) => verifier.verify(entry));
    const late = ledger.events.map(({ attestation }, at) => attestation.keyId === ledger.rootKey.keyId && at >= cutOff);
    expect(codes).toEqual(late.map((isLate) => (isLate ? 'KEY_REVOKED' : null)));
    expect(codes).toContain('KEY_REVOKED');
    for (const event of bundle.streams.policy.events) expect(verifier.verify(event)).toBeNull();
  });

  it('without the key stream, by pinned keys alone', () => {
    const verifier = createEntryVerifier(note, ledger.trust());
    const codes = new Set(proven.map((entry) => verifier.verify(entry)));
    expect(codes).toEqual(new Set([null, 'KEY_UNKNOWN']));
  });

  it('are refused with a code when anything of them is another', () => {
    const verifier = createEntryVerifier(note, ledger.trust());
    const [first, other] = [proven[1]!, proven[2]!];
    const batched = bundle.streams.execution.events[0]!;
    // Once without the batch being known, once with it.
    for (let round = 0; round < 2; round += 1) {
      expect(verifier.verify({ ...first, data: '{}' })).toBe('FOREIGN_EVENT');
      expect(verifier.verify({ ...first, index: 2n })).toBe('PROOF_INVALID');
      expect(verifier.verify({ ...first, path: first.path.slice(1) })).toBe('PROOF_INVALID');
      expect(verifier.verify({ ...first, attestation: other.attestation })).toBe('PROOF_INVALID');
      expect(verifier.verify({ ...first, attestation: { ...first.attestation, entry: 'x' } })).toBe('FOREIGN_EVENT');
      const { attestation } = batched;
      const lie = (more: object): ProvenEntry => ({ ...batched, attestation: { ...attestation, ...more } });
      expect(verifier.verify(lie({ batch: { ...attestation.batch, size: 3 } }))).toBe('ATTESTATION_INVALID');
      expect(verifier.verify(lie({ batch: { ...attestation.batch, path: [] } }))).toBe('ATTESTATION_INVALID');
      expect(verifier.verify(lie({ signature: first.attestation.signature }))).toBe('ATTESTATION_INVALID');
      expect(verifier.verify(lie({ keyId: second.keyId }))).toBe('KEY_UNKNOWN');
      expect(verifier.verify(first)).toBeNull();
      expect(verifier.verify(batched)).toBeNull();
    }
  });

  it('need a checkpoint and a key stream that verify', () => {
    const refusal = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        return (error as { details: Record<string, unknown> }).details['because'];
      }
    };
    const { keys } = bundle.streams;
    expect(refusal(() => createEntryVerifier('x', ledger.trust()))).toBe('NOTE_INVALID');
    const stranger = new FixtureLedger(ORIGIN, 0x22).trust();
    expect(refusal(() => createEntryVerifier(note, stranger))).toBe('NOTE_UNSIGNED');
    const age = { nowMs: 1, maxAgeMs: 1 };
    expect(refusal(() => createEntryVerifier(note, ledger.trust(), { age }))).toBe('CHECKPOINT_STALE');
    const events = keys.events.slice(1);
    expect(refusal(() => createEntryVerifier(note, ledger.trust(), { keys: { ...keys, events } }))).toBe('KEY_UNKNOWN');
    const moved = keys.events.map((event) => ({ ...event, path: [] }));
    expect(refusal(() => createEntryVerifier(note, ledger.trust(), { keys: { ...keys, events: moved } }))).toBe(
      'PROOF_INVALID',
    );
  });
});
