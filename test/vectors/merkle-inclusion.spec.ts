import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, parseBase64 } from '@writ/encoding';
import { rootFromInclusion } from '@writ/merkle';
import { describeVectors, filesBelow } from './published.js';

interface InclusionVector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly desc: string;
  readonly wantErr: boolean;
}

describeVectors('transparency-dev-merkle/testdata/inclusion', (folder) => {
  const files = filesBelow(folder).filter((file) => file.endsWith('.json'));

  function verifies(vector: InclusionVector): boolean {
    try {
      const root = rootFromInclusion({
        leafHash: parseBase64(vector.leafHash),
        index: vector.leafIdx,
        sizeLeaves: vector.treeSize,
        path: (vector.proof ?? []).map((hash) => parseBase64(hash)),
      });
      return equalBytes(root, parseBase64(vector.root));
    } catch (error) {
      expect((error as { code?: unknown }).code).toMatch(/^(REQUEST_INVALID|ENCODING_BASE64)$/);
      return false;
    }
  }

  test('the folder holds good and bad proofs', () => {
    const wanted = files.map(
      (file) => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as InclusionVector).wantErr,
    );
    expect(files.length).toBeGreaterThan(90);
    expect(new Set(wanted)).toEqual(new Set([true, false]));
  });

  test.each(files)('%s', (file) => {
    const vector = JSON.parse(readFileSync(join(folder, file), 'utf8')) as InclusionVector;
    expect(verifies(vector)).toBe(!vector.wantErr);
  });
});
