import { utf8 } from '@writ/encoding';
import type { Attestation } from '@writ/evidence';
import { leafHash, type Hash } from '@writ/merkle';

/** The leaf of the lineage that the attested entry is. */
export function leafHashOf({ entry }: Pick<Attestation, 'entry'>): Hash {
  return leafHash(utf8(entry));
}
