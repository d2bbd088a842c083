import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBase64 } from '@writ/encoding';
import { verifySubtreeConsistency, verifySubtreeInclusion } from '@writ/merkle';
import { codeOf, describeVectors, filesBelow } from './published.js';

interface InclusionVector {
  readonly leafIdx: number;
  readonly start: number;
  readonly end: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

interface ConsistencyVector {
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

/** Their code lets an empty subtree pass, and roots that are no hashes where the sizes are equal; ours does not. */
const STRICTER = [
  'additional/sizes-are-equal-one-and-proof-is-empty.json',
  'additional/subtree-is-empty-sizes-are-equal-one-subtree-root-valid-proof-is-empty.json',
  'additional/subtree-is-empty-sizes-are-equal-one-subtree-root-valid-tree-root-random-proof-is-empty.json',
  'additional/subtree-is-empty-sizes-are-equal-zero-subtree-root-valid-proof-is-empty.json',
  'additional/subtree-is-empty-sizes-are-equal-zero-subtree-root-valid-tree-root-random-proof-is-empty.json',
  'additional/subtree-is-empty-subtree-root-valid-proof-is-empty.json',
  'additional/subtree-is-empty-subtree-root-valid-tree-root-random-proof-is-empty.json',
];
const REFUSED = /^(PROOF_INVALID|REQUEST_INVALID|ENCODING_BASE64)$/;
const hashes = (proof: readonly string[] | null): Uint8Array[] => (proof ?? []).map((hash) => parseBase64(hash));
const jsonBelow = (folder: string): readonly string[] => filesBelow(folder).filter((file) => file.endsWith('.json'));

describeVectors('transparency-dev-merkle/testdata/subtreeinclusion', (folder) => {
  const files = jsonBelow(folder);

  test('the folder is whole', () => expect(files.length).toBe(204));

  test.each(files)('%s', (file) => {
    const vector = JSON.parse(readFileSync(join(folder, file), 'utf8')) as InclusionVector;
    const code = codeOf(() => {
      const { start, end, leafIdx: index, leafHash, proof } = vector;
      const inclusion = { start, end, index, leafHash: parseBase64(leafHash), path: hashes(proof) };
      verifySubtreeInclusion(inclusion, parseBase64(vector.root));
    });
    if (vector.wantErr) expect(code).toMatch(REFUSED);
    else expect(code).toBeUndefined();
  });
});

describeVectors('transparency-dev-merkle/testdata/subtreeconsistency', (folder) => {
  const files = jsonBelow(folder);

  test('the folder is whole', () => expect(files.length).toBe(118));

  test.each(files)('%s', (file) => {
    const vector = JSON.parse(readFileSync(join(folder, file), 'utf8')) as ConsistencyVector;
    const code = codeOf(() => {
      const { start, end, size: sizeLeaves, root1, root2, proof } = vector;
      const roots = { subtreeRootHash: parseBase64(root1), rootHash: parseBase64(root2) };
      verifySubtreeConsistency({ start, end, sizeLeaves, ...roots, path: hashes(proof) });
    });
    if (vector.wantErr || STRICTER.includes(file)) expect(code).toMatch(REFUSED);
    else expect(code).toBeUndefined();
  });
});
