import type { Hash } from '@writ/merkle';

/** The tree at one size: all that a checkpoint says about it. */
export interface TreeHead {
  readonly sizeLeaves: bigint;
  readonly root: Hash;
}
