import { setTimeout as sleep } from 'node:timers/promises';
import { RejectedError } from '@writ/errors';
import { addUser, applyProtection, checkProtection, parseConnection } from '@writ/event-store-eventstoredb';
import type { StoreLocation } from './setting-values.js';
import type { Settings } from './settings.js';

const LET_IN_ATTEMPTS = 20;
const LET_IN_PAUSE_MS = 250;

/**
 * Why what was appended could be taken away again through the ledger's own access to its store; empty where it cannot.
 * Who may write a file of ours may do anything to it, so there is nothing to ask: files are guarded by their folder.
 * @throws UnavailableError `STORE_UNAVAILABLE`
 */
export async function unprotectedReasons(location: StoreLocation): Promise<readonly string[]> {
  if (location.kind !== 'eventstoredb') return [];
  const protection = await checkProtection(location.connection);
  return protection.kind === 'protected' ? [] : protection.reasons;
}

/**
 * As `unprotectedReasons`, for who is about to write.
 * @throws RejectedError `STORE_UNPROTECTED` unless the settings accept that; UnavailableError `STORE_UNAVAILABLE`
 */
export async function requireProtection({
  store,
  acceptUnprotected,
}: Pick<Settings, 'store' | 'acceptUnprotected'>): Promise<readonly string[]> {
  const reasons = await unprotectedReasons(store);
  if (reasons.length === 0 || acceptUnprotected) return reasons;
  throw new RejectedError(
    'STORE_UNPROTECTED',
    `${reasons.join('; ')}: \`writ store protect\` mends it, \`WRIT_STORE_ACCEPT_UNPROTECTED=yes\` accepts it`,
    { reasons },
  );
}

/** What `protectStore` did, and what came of it. */
export interface ProtectedStore {
  /** Who is let in. */
  readonly user: string;
  readonly added: boolean;
  /** What is still open; empty where all is well. */
  readonly reasons: readonly string[];
}

/**
 * Makes the user that the store's URL names, where there is none, and the rules that keep it from deleting and hiding.
 * Every step may be done again.
 *
 * @param adminUrl of an administrator of the same server
 * @throws RejectedError `REQUEST_INVALID` where the store is no server or its URL names no user; as `applyProtection`
 */
export async function protectStore(store: StoreLocation, adminUrl: string): Promise<ProtectedStore> {
  if (store.kind !== 'eventstoredb') {
    throw new RejectedError('REQUEST_INVALID', 'only an EventStoreDB is protected by rules of its own', {
      store: store.kind,
    });
  }
  const { credentials } = parseConnection(store.connection);
  if (credentials === undefined) {
    throw new RejectedError('REQUEST_INVALID', "the store's URL names no user: `esdb://<user>:<password>@<host>`");
  }
  const { username: user } = credentials;
  const added = (await addUser(adminUrl, credentials)) === 'added';
  await applyProtection(adminUrl, { user });
  return { user, added, reasons: await reasonsOnceLetIn(store) };
}

/** The nodes of a cluster learn of a new user one after the other. */
async function reasonsOnceLetIn(store: StoreLocation): Promise<readonly string[]> {
  for (let left = LET_IN_ATTEMPTS; ; left -= 1) {
    try {
      return await unprotectedReasons(store);
    } catch (error) {
      if (left === 0 || !(error instanceof RejectedError) || error.code !== 'STORE_ACCESS_DENIED') throw error;
      await sleep(LET_IN_PAUSE_MS);
    }
  }
}
