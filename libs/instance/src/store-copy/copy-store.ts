import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { RejectedError, UnavailableError } from '@writ/errors';
import type { EventStore } from '@writ/event-store';
import { tryPublisherLock, type PublisherLock } from '@writ/lineage';
import { installOpensslSha256 } from '@writ/signing';
import { openStore, requireLasting } from '../open-store.js';
import { openStoreForReading } from '../open-store-for-reading.js';
import { storeName, type StoreLocation } from '../setting-values.js';
import type { Settings } from '../settings.js';
import { copyEvents, type CopyEventsOptions, type EventsCopied } from './copy-events.js';

export type CopyStoreOptions = Pick<CopyEventsOptions, 'onProgress' | 'signal' | 'patienceMs'>;

/**
 * Copies the ledger that `from` is configured for into another store, which is made where it is not there. All nodes of
 * the ledger are stopped: the lock of its publisher is held meanwhile.
 *
 * @param from of the ledger, with its mark folder
 * @param to the settings of the target's store
 * @throws RejectedError `REQUEST_INVALID` for stores in memory, and a store into itself; UnavailableError
 *   `PUBLISHER_UNAVAILABLE` while a node publishes; as `copyEvents`, and as opening the stores does
 */
export async function copyStore(from: Settings, to: Settings, options: CopyStoreOptions = {}): Promise<EventsCopied> {
  requireTwoStores(from.store, to.store);
  installOpensslSha256();
  const lock = lockOf(from.markDir);
  const open: EventStore[] = [];
  try {
    // The source first: without it no target is made.
    const source = await openStoreForReading(requireLasting(from.store));
    open.push(source);
    const target = await openStore(to, { create: true });
    open.push(target);
    return await copyEvents({ source, target, ...options });
  } finally {
    for (const store of open.reverse()) await store.close();
    lock?.close();
  }
}

/** A ledger without that folder never published on this machine. */
function lockOf(markDir: string): PublisherLock | undefined {
  if (!existsSync(markDir)) return undefined;
  const lock = tryPublisherLock(markDir);
  if (lock !== undefined) return lock;
  throw new UnavailableError('PUBLISHER_UNAVAILABLE', 'a node publishes; stop all nodes of this ledger first');
}

function requireTwoStores(from: StoreLocation, to: StoreLocation): void {
  if (from.kind === 'memory' || to.kind === 'memory') {
    throw new RejectedError('REQUEST_INVALID', 'a store in memory cannot be copied, nor copied into');
  }
  if (keyOf(from) !== keyOf(to)) return;
  throw new RejectedError('REQUEST_INVALID', 'source and target are the same store');
}

function keyOf(location: StoreLocation): string {
  return location.kind === 'sqlite' ? resolve(location.path) : storeName(location);
}
