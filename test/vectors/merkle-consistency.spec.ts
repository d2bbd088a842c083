import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBase64 } from '@writ/encoding';
import { verifyConsistency } from '@writ/merkle';
import { codeOf, describeVectors, filesBelow } from './published.js';

interface ConsistencyVector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly desc: string;
  readonly wantErr: boolean;
}

/** Their code compares any two byte strings where the sizes are equal; ours takes nothing but hashes of 32 bytes. */
const STRICTER = ['additional/sizes-are-equal-one-and-proof-is-empty.json'];
/** RFC 9162 taken literally lets a proof from size 0 pass; these say that it must not, and so do we. */
const FROM_NOTHING = [
  'additional/consistency-check-on-empty-tree-size1-is-zero-is-useless.json',
  'additional/sizes-are-equal-zero-and-proof-is-empty.json',
  'additional/size1-is-zero-and-size2-is-not-zero.json',
];

describeVectors('transparency-dev-merkle/testdata/consistency', (folder) => {
  const files = filesBelow(folder).filter((file) => file.endsWith('.json'));
  const read = (file: string): ConsistencyVector => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const verdictOf = (vector: ConsistencyVector): unknown =>
    codeOf(() =>
      verifyConsistency({
        oldSizeLeaves: vector.size1,
        oldRootHash: parseBase64(vector.root1),
        newSizeLeaves: vector.size2,
        newRootHash: parseBase64(vector.root2),
        path: (vector.proof ?? []).map((hash) => parseBase64(hash)),
      }),
    );

  test('the folder holds good and bad proofs', () => {
    expect(files.length).toBeGreaterThan(90);
    expect(new Set(files.map((file) => read(file).wantErr))).toEqual(new Set([true, false]));
  });

  test.each(files)('%s', (file) => {
    const vector = read(file);
    const code = verdictOf(vector);
    if (vector.wantErr || STRICTER.includes(file)) expect(code).toMatch(/^(PROOF_INVALID|REQUEST_INVALID)$/);
    else expect(code).toBeUndefined();
  });

  test.each(FROM_NOTHING)('%s: from size 0 is refused as a question', (file) => {
    expect(verdictOf(read(file))).toBe('REQUEST_INVALID');
  });

  test.each(STRICTER)('%s: passes with roots that are hashes', (file) => {
    const root = Buffer.alloc(32, 7).toString('base64');
    expect(verdictOf({ ...read(file), root1: root, root2: root })).toBeUndefined();
  });
});
