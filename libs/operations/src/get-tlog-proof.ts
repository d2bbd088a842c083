import { formatTlogProof } from '@writ/checkpoint';
import { utf8 } from '@writ/encoding';
import type { Engine } from './engine.js';
import type { InclusionRequest } from './lineage-operations.js';
import type { CallContext } from './operations.js';
import { proveInclusion } from './prove-inclusion.js';

/**
 * An inclusion proof as one text that tools of others read (C2SP tlog-proof@v1; docs/spec/proof.md). The extra data are
 * the entry, so that the file says by itself what it proves: a reader hashes it to the leaf.
 */
export async function getTlogProof(engine: Engine, context: CallContext, request: InclusionRequest): Promise<string> {
  const { index, path, checkpoint, entry } = await proveInclusion(engine, context, request);
  return formatTlogProof({ index, path, checkpoint: checkpoint.note, extra: utf8(entry) });
}
