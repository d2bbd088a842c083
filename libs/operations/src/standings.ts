import type { EventId } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import type { Standing } from '@writ/lineage';
import type { Engine } from './engine.js';
import type { StandingFields } from './lineage-operations.js';

/** What holds of an event that the lineage says nothing of, and of one that was just appended. */
export const RECORDED: Standing = { kind: 'recorded' };

/**
 * How far each event has come, in the order given. Where the lineage cannot be asked, `recorded` is what is certain: a
 * read of the store does not fail because a cache does.
 */
export async function standingsOf(engine: Engine, eventIds: readonly EventId[]): Promise<readonly Standing[]> {
  try {
    return await engine.ports.lineage.standings(eventIds);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return eventIds.map(() => RECORDED);
  }
}

export function standingFields(standing: Standing): StandingFields {
  switch (standing.kind) {
    case 'recorded':
      return { standing: 'recorded' };
    case 'sequenced':
      return { standing: 'sequenced', index: standing.index };
    case 'anchored': {
      const { index, sizeLeaves: checkpointSizeLeaves, cosignedBy } = standing;
      return { standing: 'anchored', index, checkpointSizeLeaves, cosignedBy };
    }
  }
}
