import { formatTlogProof } from '@writ/checkpoint';
import type { Engine } from './engine.js';
import type { InclusionRequest } from './lineage-operations.js';
import type { CallContext } from './operations.js';
import { proveInclusion } from './prove-inclusion.js';

/** An inclusion proof as one text that tools of others read (C2SP tlog-proof@v1; docs/spec/proof.md). */
export async function getTlogProof(engine: Engine, context: CallContext, request: InclusionRequest): Promise<string> {
  const { index, path, checkpoint } = await proveInclusion(engine, context, request);
  return formatTlogProof({ index, path, checkpoint: checkpoint.note });
}
