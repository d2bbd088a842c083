import { createHash } from 'node:crypto';

import { utf8 } from '@writ/encoding';
import { leafHash } from '@writ/merkle';
import fc from 'fast-check';

import { createAttestor, type Attestor } from './attestor.js';
import { opensslVerify } from './openssl-verify.js';
import { createVerifier } from './verifier.js';

// Batches are signed here; on a busy machine that takes its time.
jest.setTimeout(60_000);

const ORIGIN = 'ledger.example/test';
const secretKey = Uint8Array.from(createHash('sha256').update('one').digest());

describe('leaves of one batch', () => {
  let attestor: Attestor;
  beforeAll(async () => (attestor = await createAttestor({ secretKey, origin: ORIGIN, worker: false })));
  afterAll(() => attestor.close());

  const entries = (count: number) => Array.from({ length: count }, (_, n) => utf8(`{"n":${n}}`));
  const attest = (count: number) =>
    attestor.attest(entries(count).map((entry) => ({ entry, leafHash: leafHash(entry) })));

  it('verify in any order, each as often as it comes, with one signature checked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 70 }),
        fc.array(fc.nat(), { maxLength: 100 }),
        async (count, picks) => {
          const attestations = await attest(count);
          const verify = jest.fn(opensslVerify);
          const verifier = createVerifier([attestor], { origin: ORIGIN, verify });
          for (const pick of picks) verifier.verifyAttestation(attestations[pick % count]!);
          expect(verify.mock.calls.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never verify with anything changed, whatever was met before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 40 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        fc.nat(),
        fc.nat(),
        fc.constantFrom('index', 'entry', 'sibling', 'other sibling', 'size'),
        async (count, picks, victim, at, what) => {
          const attestations = await attest(count);
          const verifier = createVerifier([attestor], { origin: ORIGIN });
          for (const pick of picks) verifier.verifyAttestation(attestations[pick % count]!);
          const good = attestations[victim % count]!;
          const { batch } = good;
          const step = at % batch.path.length;
          const withPath = (sibling: string) => ({
            ...good,
            batch: { ...batch, path: batch.path.map((old, n) => (n === step ? sibling : old)) },
          });
          const elsewhere = attestations[(victim + 1 + (at % (count - 1))) % count]!;
          const changed = {
            index: { ...good, batch: { ...batch, index: elsewhere.batch.index } },
            entry: { ...good, entry: elsewhere.entry },
            sibling: withPath(Buffer.alloc(32, at).toString('base64')),
            'other sibling': withPath(elsewhere.batch.path.find((node) => node !== batch.path[step]) ?? ''),
            size: { ...good, batch: { ...batch, size: batch.size + 1 + (at % 3) } },
          }[what];
          expect(() => verifier.verifyAttestation(changed)).toThrow(
            expect.objectContaining({ code: 'ATTESTATION_INVALID' }),
          );
          verifier.verifyAttestation(good);
        },
      ),
      { numRuns: 150 },
    );
  });
});
