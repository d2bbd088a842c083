import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { IntegrityError, RejectedError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import {
  FollowedKeys,
  keyToSignWith,
  NodeKeys,
  openKeys,
  type Alarm,
  type Clock,
  type Randomness,
} from '@writ/operations';
import {
  createAttestor,
  generateKeyFile,
  memoryKeyRing,
  openKeyRing,
  SwitchingAttestor,
  type Attestor,
  type KeyRing,
  type KeySource,
} from '@writ/signing';
import type { Settings } from './settings.js';

/** How often a node looks whether another has changed the keys; what it meets before, it learns at once. */
const LOOK_EVERY_MS = 2_000;

export interface OpenNodeKeys {
  readonly keys: FollowedKeys;
  readonly attestor: SwitchingAttestor;
  readonly nodeKeys: NodeKeys;
}

/**
 * The keys at hand: the file that the settings name, which is the ledger's first and thereby its pin, and those beside it.
 * With `create` a first one is made, durable before the store is: a crash in between leaves a key that signed nothing. A
 * store in memory gets a key that ends with it.
 *
 * @param options.isBegun there is a store whose first key was made before
 * @throws RejectedError `KEY_FILE_INVALID`
 */
export async function openRing(
  settings: Settings,
  { create, isBegun }: { readonly create: boolean; readonly isBegun: boolean },
): Promise<KeyRing> {
  if (settings.store.kind === 'memory') return memoryKeyRing(Uint8Array.from(randomBytes(32)));
  const { keyFile } = settings;
  if (create && !existsSync(keyFile)) {
    if (isBegun) {
      // A new key could never be this ledger's; making one would only hide that the old one is missing.
      throw new RejectedError('KEY_FILE_INVALID', 'the store exists, and its key file does not', { path: keyFile });
    }
    mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 });
    const key = await generateKeyFile(keyFile);
    key.erase();
  }
  return openKeyRing(keyFile);
}

/**
 * Finds the key that the ledger signs with now, and opens it. No file says which that is: the key stream does, so a start
 * after a crash in the middle of a rotation finds the old key where the event is absent, and the new one where it is there.
 *
 * @throws as `openKeys`; IntegrityError `KEY_MISMATCH` where no key is at hand that may sign
 */
export async function openNodeKeys(
  settings: Settings,
  ring: KeyRing,
  ports: {
    readonly store: EventStore;
    readonly clock: Clock;
    readonly randomness: Randomness;
    readonly onAlarm: (alarm: Alarm) => void;
  },
  mayBegin: boolean,
): Promise<OpenNodeKeys> {
  const { origin, signer } = settings;
  const pinned = { origin, keys: [ring.root] };
  const open = (source: KeySource): Promise<Attestor> => createAttestor({ ...source, signer, origin, worker: true });
  const { state } = await FollowedKeys.read(ports.store, pinned);
  const source =
    state.keys.length === 0 ? await ring.sourceOf(ring.root.keyId) : (await keyToSignWith(state, ring))?.source;
  if (source === undefined) {
    throw new IntegrityError('KEY_MISMATCH', 'no key file at hand is one that this ledger signs with', {
      current: state.current,
      atHand: [ring.root.keyId],
    });
  }
  const attestor = new SwitchingAttestor(await open(source));
  try {
    const keys = await openKeys({ ...ports, attestor, origin }, { mayBegin, pinned });
    const nodeKeys = new NodeKeys({ ring, keys, attestor, open, onAlarm: ports.onAlarm });
    nodeKeys.start(LOOK_EVERY_MS);
    return { keys, attestor, nodeKeys };
  } catch (error) {
    await attestor.close();
    throw error;
  }
}
