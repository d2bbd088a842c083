import { recoverLedger as recoverLineage, type Recovery } from '@writ/lineage';
import { installOpensslSha256, readNoteKeyFile } from '@writ/signing';
import { NodeClock } from './clock.js';
import { seenFile } from './open-lineage.js';
import { openNodeKeys, openRing } from './open-node-keys.js';
import { openStore, requireLasting } from './open-store.js';
import { systemRandomness } from './randomness.js';
import type { Settings } from './settings.js';

export type { Recovery };

export interface RecoverLedgerOptions {
  readonly reason: string;
  /** Signed notes of this ledger that are known from elsewhere. */
  readonly checkpoints?: readonly string[];
}

/**
 * Lets a ledger go on although its store was set back, or its mark is lost (docs/decisions/0007-recovery.md). All nodes of
 * the ledger are stopped.
 * @throws RejectedError `REQUEST_INVALID`, `KEY_FILE_INVALID`; UnavailableError `PUBLISHER_UNAVAILABLE` while a node runs;
 *   IntegrityError `STORE_MISSING`, `KEY_MISMATCH`, `MARK_NOT_EXTENDED`, `LINEAGE_INVALID`
 */
export async function recoverLedger(settings: Settings, options: RecoverLedgerOptions): Promise<Recovery> {
  const { store: location, origin, lineageDir, markDir } = settings;
  requireLasting(location);
  installOpensslSha256();
  const clock = new NodeClock({ stateDir: settings.stateDir, toleranceMs: settings.clockToleranceMs });
  const randomness = systemRandomness();
  const signer = await readNoteKeyFile(settings.checkpointKeyFile, 'checkpoint');
  const ring = await openRing(settings, { create: false, isBegun: true });
  const store = await openStore(settings, { create: false });
  try {
    const ports = { store, clock, randomness, onAlarm: () => undefined };
    const { keys, attestor, nodeKeys } = await openNodeKeys(settings, ring, ports, false);
    try {
      return await recoverLineage({
        ...{ origin, store, attestor, signer, clock, randomness },
        ...options,
        pinned: keys.pinned.keys,
        onDisk: { lineageDir, markDir, seenFile: seenFile(settings) },
        actor: { id: 'operator@console', role: 'operator' },
      });
    } finally {
      await nodeKeys.close();
      await attestor.close();
    }
  } finally {
    await store.close();
    await clock.persist();
  }
}
