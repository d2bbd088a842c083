import type { PublishedCheckpoint } from '@writ/lineage';
import { requireRole } from './authorise.js';
import type { Engine } from './engine.js';
import type { CheckpointRequest } from './lineage-operations.js';
import type { CallContext } from './operations.js';

/** The latest checkpoint, or the published one of exactly that size. It tells sizes and hashes: any token may ask. */
export async function getCheckpoint(
  engine: Engine,
  context: CallContext | null,
  { sizeLeaves }: CheckpointRequest,
): Promise<PublishedCheckpoint> {
  if (context !== null) requireRole(context.principal, 'read');
  return engine.ports.lineage.checkpoint(sizeLeaves);
}
