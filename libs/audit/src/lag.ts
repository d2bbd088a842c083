import type { EventStore } from '@writ/event-store';

const PROBE_EVENTS = 4_096;

/** How far a view is behind its ledger; `behind` stops counting at 4,096. */
export async function lagOf(
  store: Pick<EventStore, 'readAll'>,
  position: bigint | undefined,
): Promise<{ position: bigint | null; behind: bigint }> {
  const waiting = await store.readAll({
    ...(position === undefined ? {} : { after: position }),
    maxCount: PROBE_EVENTS,
  });
  return { position: position ?? null, behind: BigInt(waiting.length) };
}
