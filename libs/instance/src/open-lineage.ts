import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RejectedError, UnavailableError, type IntegrityError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import type { Lineage } from '@writ/lineage';
import type { Alarm, Clock, Randomness, TrustedKeys } from '@writ/operations';
import type { Attestor } from '@writ/signing';
import type { Settings } from './settings.js';

/** Told of an event that the sequencer gave no index. */
export type OnForeignEvent = (stream: string, revision: bigint, error: IntegrityError) => void;

export interface LineagePorts {
  readonly store: EventStore;
  readonly attestor: Attestor;
  readonly keys: TrustedKeys;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly onAlarm: (alarm: Alarm) => void;
  readonly onForeignEvent: OnForeignEvent;
  readonly create: boolean;
}

/** This node has seen events of a store: one without any is not to be begun in its place. */
export function hasSeenHead({ store, stateDir }: Pick<Settings, 'store' | 'stateDir'>): boolean {
  return store.kind !== 'memory' && existsSync(join(stateDir, 'lineage-head.json'));
}

/** A lineage that has nothing to tell yet. */
export async function openLineageOf(_settings: Settings, _ports: LineagePorts): Promise<Lineage> {
  const unknown = (): never => {
    throw new RejectedError('CHECKPOINT_UNKNOWN', 'no checkpoint is published', {});
  };
  return {
    status: async () => ({
      role: 'stopped',
      sizeLeaves: 0n,
      checkpointSizeLeaves: 0n,
      cosignedBy: 0,
      behind: 0,
    }),
    standings: async (eventIds) => eventIds.map(() => ({ kind: 'recorded' })),
    awaitStanding: async (eventIds) => eventIds.map(() => ({ kind: 'recorded' })),
    checkpoint: async () => unknown(),
    indexOf: async () => {
      throw new UnavailableError('NOT_SEQUENCED_YET', 'nothing is sequenced', {});
    },
    entryAt: async () => unknown(),
    inclusion: async () => unknown(),
    consistency: async () => unknown(),
    tile: async () => undefined,
    entries: async () => undefined,
    requireWritable: () => undefined,
    close: () => Promise.resolve(),
  };
}
