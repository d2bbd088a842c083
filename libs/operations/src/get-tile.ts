import { RejectedError } from '@writ/errors';
import { decodeEntryBundle, encodeEntryBundle, tileWidth, type TileName } from '@writ/merkle';
import { requireRole } from './authorise.js';
import type { Engine } from './engine.js';
import type { CallContext } from './operations.js';

const HASH_BYTES = 32;

/**
 * A tile of hashes or of entries as C2SP tlog-tiles serves it; `undefined` where no published tree has it. A narrower
 * tile than the one that is kept is cut from it: tiles only ever grow at their end.
 *
 * @throws RejectedError `PERMISSION_DENIED`: entries are of all tenants, so a token must reach them all
 */
export async function getTile(
  engine: Engine,
  context: CallContext | null,
  name: TileName,
): Promise<Uint8Array | undefined> {
  if (context !== null) requireTiles(context, name);
  const { lineage } = engine.ports;
  // What is sequenced but not yet signed is nobody's business: another order of it would still be possible.
  const published = (await lineage.status()).checkpointSizeLeaves;
  const level = name.kind === 'hashes' ? name.level : 0;
  if (name.index > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const widest = tileWidth(published, level, name.index);
  if (name.width > widest) return undefined;
  const read = (width: number): Promise<Uint8Array | undefined> =>
    name.kind === 'hashes' ? lineage.tile(name.level, name.index, width) : lineage.entries(name.index, width);
  const exact = await read(name.width);
  if (exact !== undefined || name.width === widest) return exact;
  const wider = await read(widest);
  return wider === undefined ? undefined : narrowed(name, wider, widest);
}

function narrowed({ kind, width }: TileName, wider: Uint8Array, widest: number): Uint8Array {
  switch (kind) {
    case 'hashes':
      return wider.slice(0, width * HASH_BYTES);
    case 'entries':
      return encodeEntryBundle(decodeEntryBundle(wider, widest).slice(0, width));
  }
}

function requireTiles({ principal }: CallContext, { kind }: TileName): void {
  if (kind === 'hashes') {
    requireRole(principal, 'read');
    return;
  }
  requireRole(principal, 'audit');
  if (principal.tenants !== '*') {
    throw new RejectedError('PERMISSION_DENIED', 'entries are of all tenants, and the token reaches only some', {});
  }
}
