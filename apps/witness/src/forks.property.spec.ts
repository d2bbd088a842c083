import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { formatAddCheckpoint } from '@writ/checkpoint';
import { installSha256, utf8 } from '@writ/encoding';
import type { Hash } from '@writ/merkle';
import { NoteKey } from '@writ/signing';

import { entries, logKey, TestLog } from './logs.fixture.js';
import { WitnessState } from './witness-state.js';
import { Witness } from './witness.js';

const witnessKey = new NoteKey('cosignature', 'witness.example/w1', new Uint8Array(32).fill(11), 0);
const NOW_MS = 1_767_225_600_000;
const LONGEST = 64;

installSha256((input) => hash('sha256', input, 'buffer'));

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'writ-forks-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe(`forks: every prefix from 0 to ${String(LONGEST)}, every suffix from 1 to ${String(LONGEST)}`, () => {
  it('cosigns no tree that does not extend the one it cosigned', async () => {
    let refused = 0;
    for (let prefix = 0; prefix <= LONGEST; prefix++) refused += await refusedOf(prefix);
    expect(refused).toBe((LONGEST + 1) * LONGEST);
  }, 120_000);
});

/** A witness that has seen the one branch is offered every tree of the other. */
async function refusedOf(prefix: number): Promise<number> {
  const path = join(folder, `${String(prefix)}.db`);
  WitnessState.create(path, witnessKey.vkey);
  const state = WitnessState.open(path, witnessKey.vkey);
  const witness = new Witness({ logs: [{ key: logKey.key }], signer: witnessKey, state, nowMs: () => NOW_MS });
  const ask = async (old: number, proof: readonly Hash[], checkpoint: string): Promise<number> => {
    const body = formatAddCheckpoint({ oldSizeLeaves: BigInt(old), path: proof, checkpoint });
    return (await witness.addCheckpoint(utf8(body))).status;
  };
  const right = new TestLog([...entries(prefix), ...entries(LONGEST, 'right')]);
  const left = new TestLog([...entries(prefix), ...entries(LONGEST, 'left')]);
  const seen = prefix + 1 + (prefix % 7);
  expect(await ask(0, [], right.note(seen))).toBe(200);
  let refused = 0;
  for (let suffix = 1; suffix <= LONGEST; suffix++) {
    const size = prefix + suffix;
    // The best that a forger has: an honest proof of the other tree, or none.
    const proof = size >= seen ? await left.path(seen, size) : [];
    if ((await ask(seen, proof, left.note(size))) === (size < seen ? 400 : 422)) refused += 1;
  }
  expect(state.read(logKey.key.name)?.sizeLeaves).toBe(BigInt(seen));
  state.close();
  return refused;
}
