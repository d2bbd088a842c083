import { toBase64, utf8 } from '@writ/encoding';
import { LogTree, leafHash } from '@writ/merkle';
import { RecordedHead } from './recorded-head.js';

const leaves = (from: number, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => leafHash(utf8(`leaf ${from + at}`)));

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const tree = new LogTree();
  for (const hash of hashes) tree.append(hash);
  return tree.root();
}

function batch(from: number, count: number, change: object = {}) {
  const refs = leaves(from, count).map((hash) => ({
    leafHash: toBase64(hash),
    stream: 'execution-a.b',
    revision: '0',
  }));
  const data = { firstIndex: String(from), root: toBase64(rootOf(leaves(0, from + count))), refs, ...change };
  return { stream: 'lineage-ledger', type: 'EntriesSequenced', data: utf8(JSON.stringify(data)) };
}

describe('the head that a store records', () => {
  it('is made from the leaves of its batches', () => {
    const head = new RecordedHead();
    expect([head.sizeLeaves, head.root()]).toEqual([0n, rootOf([])]);
    for (const [from, count] of [
      [0, 3],
      [3, 1],
      [4, 300],
    ] as const)
      head.take(batch(from, count));
    expect([head.sizeLeaves, head.root()]).toEqual([304n, rootOf(leaves(0, 304))]);
  });

  it.each([
    ['another type', { ...batch(2, 2), type: 'CheckpointPublished' }],
    ['a batch in another stream', { ...batch(2, 2), stream: 'execution-a.b' }],
    ['a gap', batch(3, 2)],
    ['leaves that were counted already', batch(1, 2)],
    ['another root', batch(2, 2, { root: toBase64(rootOf([])) })],
    ['a leaf hash of another length', batch(2, 2, { refs: [{ leafHash: 'AAAA' }] })],
    ['no JSON', { ...batch(2, 2), data: utf8('{') }],
  ])('is not changed by %s', (_, event) => {
    const head = new RecordedHead();
    head.take(batch(0, 2));
    head.take(event);
    expect([head.sizeLeaves, head.root()]).toEqual([2n, rootOf(leaves(0, 2))]);
    head.take(batch(2, 1));
    expect(head.sizeLeaves).toBe(3n);
  });
});
