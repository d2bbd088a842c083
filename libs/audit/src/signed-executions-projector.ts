import type { EventStore } from '@writ/event-store';
import { FollowedKeys } from '@writ/operations';
import { executionsProjector } from './executions-projector.js';
import type { ExecutionsView } from './executions-view.js';
import { foldExecution, type FoldSettings } from './fold-execution.js';
import type { Projector } from './projection.js';
import type { WrittenRow } from './written-rows.js';

/**
 * Projects the executions that keys of this ledger signed. Where a batch changes the keys they are read on first: a key
 * signs nothing before the event that brings it, so it is known by the time its first event is opened.
 *
 * @throws as `FollowedKeys.read`
 */
export async function signedExecutionsProjector(
  store: Pick<EventStore, 'readStream'>,
  { origin, keys: pinned, maxSkewMs }: FoldSettings,
  writtenHere?: () => Promise<readonly WrittenRow[]>,
): Promise<Projector<ExecutionsView>> {
  const keys = await FollowedKeys.read(store, { origin, keys: pinned });
  const projector = executionsProjector(store, foldExecution(keys, maxSkewMs), writtenHere);
  return {
    async project(view, events) {
      if (events.some(({ stream }) => stream === keys.stream)) await keys.refresh();
      return projector.project(view, events);
    },
  };
}
