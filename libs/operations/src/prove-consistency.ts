import { RejectedError } from '@writ/errors';
import { requireRole } from './authorise.js';
import type { Engine } from './engine.js';
import type { ConsistencyRequest, ConsistencyView } from './lineage-operations.js';
import type { CallContext } from './operations.js';

/** That the tree of a checkpoint begins with all leaves of an older one. Hashes only: any token may ask. */
export async function proveConsistency(
  engine: Engine,
  context: CallContext,
  { oldSizeLeaves, newSizeLeaves }: ConsistencyRequest,
): Promise<ConsistencyView> {
  const { lineage } = engine.ports;
  requireRole(context.principal, 'read');
  // 1. To which size.
  const checkpoint = await lineage.checkpoint(newSizeLeaves);
  if (oldSizeLeaves < 1n || oldSizeLeaves > checkpoint.sizeLeaves) {
    throw new RejectedError('REQUEST_INVALID', 'the older tree has 1 leaf to as many as the newer one', {
      field: 'oldSizeLeaves',
      newSize: checkpoint.sizeLeaves.toString(),
    });
  }
  // 2. The path, from the tiles. The old root is the caller's, so that it is the caller who can check this.
  const path = await lineage.consistency(oldSizeLeaves, checkpoint.sizeLeaves);
  return { oldSizeLeaves, path, checkpoint };
}
