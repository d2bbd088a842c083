import { batchTree } from './batch-tree.js';
import type { Signer } from './signer.js';

import { utf8 } from '@writ/encoding';

const ROUNDS = 60;

/**
 * Signs and hashes until the runtime has compiled the path, so that the first caller does not pay for it. What is
 * signed has a prefix line of its own and is worth nothing in any domain.
 */
export function warmUp(signer: Signer): void {
  const leaves = new Uint8Array(16 * 32);
  for (let round = 0; round < ROUNDS; round++) {
    leaves.fill(round);
    batchTree(leaves).path(round % 16);
    signer.sign(utf8(`writ/signer-warm-up/v1\n${round}`));
  }
}
