import type { EventId } from '@writ/encoding';
import type { Engine } from './engine.js';

/**
 * Index of each event in the tree of `sizeLeaves`, in the order given; `undefined` for an event that this tree does not
 * have. Indices follow the order of commits, so within one stream those that are covered come first.
 */
export async function indicesBelow(
  engine: Engine,
  eventIds: readonly EventId[],
  sizeLeaves: bigint,
): Promise<readonly (bigint | undefined)[]> {
  const standings = await engine.ports.lineage.standings(eventIds);
  return standings.map((standing) =>
    standing.kind === 'recorded' || standing.index >= sizeLeaves ? undefined : standing.index,
  );
}
