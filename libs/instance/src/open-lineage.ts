import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { IntegrityError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import { lineageStream } from '@writ/ledger';
import {
  openLineage,
  openLineageLate,
  parseWitnessPolicy,
  WitnessHttp,
  WitnessSet,
  type AnchorAlarm,
  type OpenedLineage,
} from '@writ/lineage';
import type { Alarm, Clock, FollowedKeys, Randomness } from '@writ/operations';
import { drawNoteKey, generateNoteKeyFile, type Attestor, type NoteKey } from '@writ/signing';
import { readCheckpointKey, readWitnessFile } from './anchor-files.js';
import { readerModuleUrl } from './reader-module.js';
import type { Settings } from './settings.js';

/** Told of an event that the sequencer gave no index. */
export type OnForeignEvent = (stream: string, revision: bigint, error: IntegrityError) => void;

export interface LineagePorts {
  /** The bare store. */
  readonly store: EventStore;
  readonly attestor: Attestor;
  readonly keys: FollowedKeys;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly onAlarm: (alarm: Alarm) => void;
  readonly onForeignEvent: OnForeignEvent;
  /** Makes the checkpoint key where it is missing and nothing was signed with it. */
  readonly create: boolean;
  /** The tree is followed only when something asks for it. */
  readonly brief: boolean;
}

/** This node has seen events of a store: one without any is not to be begun in its place. */
export function hasSeenHead(settings: Pick<Settings, 'store' | 'stateDir'>): boolean {
  return settings.store.kind !== 'memory' && existsSync(seenFile(settings));
}

/**
 * The tree of this ledger: beside a store that lasts with a thread of its own, folders and a mark; else in memory.
 * @throws RejectedError `KEY_FILE_INVALID`, `TRUST_POLICY_INVALID`, `CONFIGURATION_INVALID`
 */
export async function openLineageOf(settings: Settings, ports: LineagePorts): Promise<OpenedLineage> {
  const { origin, store, anchorIntervalMs, anchorEntries } = settings;
  const signer = await checkpointKey(settings, ports);
  const witnesses = witnessesOf(settings);
  const open = ports.brief ? openLineageLate : openLineage;
  return open({
    origin,
    store: ports.store,
    pinned: ports.keys.pinned.keys,
    attestor: ports.attestor,
    signer,
    clock: ports.clock,
    randomness: ports.randomness,
    anchorIntervalMs,
    anchorEntries,
    ...(witnesses === undefined ? {} : { witnesses }),
    ...(store.kind === 'memory'
      ? {}
      : {
          onDisk: {
            lineageDir: settings.lineageDir,
            markDir: settings.markDir,
            seenFile: seenFile(settings),
            source: { moduleUrl: readerModuleUrl(), location: store },
          },
        }),
    onForeignEvent: ports.onForeignEvent,
    onAlarm: (alarm) => ports.onAlarm(alarmOf(alarm)),
  });
}

/** What this node has seen of the store. */
export function seenFile({ stateDir }: Pick<Settings, 'stateDir'>): string {
  return join(stateDir, 'lineage-head.json');
}

/** A ledger that has signed checkpoints never gets another key for them: two keys of one name could sign two histories. */
async function checkpointKey(settings: Settings, { store, create }: LineagePorts): Promise<NoteKey> {
  const { origin, checkpointKeyFile } = settings;
  if (settings.store.kind === 'memory') return drawNoteKey('checkpoint', origin);
  if (
    create &&
    !existsSync(checkpointKeyFile) &&
    (await store.readStream(lineageStream(origin), { maxCount: 1 })).length === 0
  ) {
    // A crash after this leaves a key that signed nothing, which the next start takes.
    mkdirSync(dirname(checkpointKeyFile), { recursive: true, mode: 0o700 });
    return generateNoteKeyFile(checkpointKeyFile, 'checkpoint', origin);
  }
  return readCheckpointKey(settings);
}

function witnessesOf({ witnessFile, witnessAllowPrivate }: Settings): WitnessSet | undefined {
  if (witnessFile === undefined) return undefined;
  const transport = new WitnessHttp({ allowPrivate: witnessAllowPrivate });
  const policy = parseWitnessPolicy(readWitnessFile(witnessFile), transport);
  return new WitnessSet(policy, { transport, nowMs: () => performance.now() });
}

function alarmOf(alarm: AnchorAlarm): Alarm {
  switch (alarm.kind) {
    case 'fault': {
      const { code, message } = alarm.fault;
      return { kind: 'background_failure', task: 'anchor', code, message };
    }
    case 'witness': {
      const { witness, result, detail } = alarm.outcome;
      return { kind: 'background_failure', task: `cosignature of ${witness}`, code: result, message: detail };
    }
  }
}
