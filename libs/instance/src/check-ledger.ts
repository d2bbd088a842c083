import { LedgerError } from '@writ/errors';
import { checkSqliteStore } from '@writ/event-store-sqlite';
import { fsck, type Finding, type FsckOptions, type FsckReport, type FsckTrust } from '@writ/lineage';
import { installOpensslSha256 } from '@writ/signing';
import { requireLasting } from './open-store.js';
import { openBegunStore } from './open-store-for-reading.js';
import type { Settings } from './settings.js';
import { unprotectedReasons } from './store-protection.js';
import { trustOf } from './trust-of.js';

export type { Finding };

type CheckedSettings = Pick<
  Settings,
  'store' | 'origin' | 'keyFile' | 'checkpointKeyFile' | 'witnessFile' | 'lineageDir' | 'markDir' | 'stateDir'
>;

export type CheckLedgerOptions = Pick<FsckOptions, 'stateFile' | 'onProgress' | 'signal'> & {
  /** Whom to believe; without it the key files of this ledger, which whoever owns this machine can change. */
  readonly trust?: FsckTrust | undefined;
};

/** The report of the check, and what it says of the store that was checked. */
export interface LedgerReport extends FsckReport {
  /** Why the store does not protect what is appended; absent where it does. No fault by itself. */
  readonly unprotected?: readonly string[];
}

/**
 * Checks a ledger from its files up: every page of the store, every event, and all that is made from them
 * (docs/guides/fsck.md). It may be in use; nothing is written but the state file.
 * @throws RejectedError for a store in memory, and as `trustOf`; IntegrityError `STORE_MISSING`, `STORE_NOT_OURS`,
 *   `STORE_NEWER`, `STORE_MIGRATION_NEEDED`
 */
export async function checkLedger(settings: CheckedSettings, options: CheckLedgerOptions = {}): Promise<LedgerReport> {
  const location = requireLasting(settings.store);
  // OpenSSL's is several times as fast, and a check is hardly anything but hashing.
  installOpensslSha256();
  const { stateFile, onProgress, signal } = options;
  const trust = options.trust ?? (await trustOf(settings));
  const storeFaults = location.kind === 'sqlite' ? await damageOf(location.path) : [];
  const store = await openBegunStore(location);
  try {
    const { lineageDir, markDir, stateDir } = settings;
    const unprotected = await unprotectedReasons(location);
    const report = await fsck({
      ...{ store, trust, storeFaults, lineageDir, markDir, stateDir },
      ...{ stateFile, onProgress, signal, streamsMayHide: location.kind === 'eventstoredb' },
    });
    return unprotected.length === 0 ? report : { ...report, unprotected };
  } finally {
    await store.close();
  }
}

/** Below the events: pages, and indexes that must say what the tables say. */
async function damageOf(path: string): Promise<readonly Pick<Finding, 'code' | 'message'>[]> {
  try {
    await checkSqliteStore(path);
    return [];
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code !== 'STORE_CORRUPT') throw error;
    const { findings } = error.details;
    const told = Array.isArray(findings) ? `: ${findings.map(String).join('; ')}` : '';
    return [{ code: error.code, message: `${error.message}${told}` }];
  }
}
