import { join } from 'node:path';
import { openExecutionIndex, openLocalExecutionIndex } from '@writ/audit';
import type { EventStore } from '@writ/event-store';
import type { ExecutionIndex, FollowedKeys } from '@writ/operations';
import { readerModuleUrl } from './reader-module.js';
import type { Settings } from './settings.js';

/** The index of executions: beside a store that lasts a thread and a file of its own, else in memory. */
export function openIndex(
  settings: Pick<Settings, 'store' | 'stateDir' | 'maxSkewMs'>,
  store: EventStore,
  { pinned }: Pick<FollowedKeys, 'pinned'>,
): ExecutionIndex {
  const fold = { origin: pinned.origin, keys: pinned.keys, maxSkewMs: settings.maxSkewMs };
  switch (settings.store.kind) {
    case 'memory':
      return openLocalExecutionIndex(store, fold);
    case 'sqlite':
    case 'eventstoredb':
      return openExecutionIndex({
        ...fold,
        path: join(settings.stateDir, 'executions.db'),
        source: { moduleUrl: readerModuleUrl(), location: settings.store },
      });
  }
}
