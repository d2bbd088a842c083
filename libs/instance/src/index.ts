/**
 * The composition root: settings from the environment, a store from its URL, keys, clock and tokens from their files,
 * and from all of them the operations. The only place that names a driver.
 */
export { buildDigest, runtimeOf } from './build-digest.js';
export { checkLedger, type CheckLedgerOptions, type Finding, type LedgerReport } from './check-ledger.js';
export type {
  Instance,
  InstanceCounter,
  InstanceMetrics,
  OpenInstanceOptions,
  Readiness,
  ReadinessCheck,
} from './instance.js';
export { backupStore, migrateStore, restoreStore } from './maintain-store.js';
export { openInstance } from './open-instance.js';
export { recoverLedger, type RecoverLedgerOptions, type Recovery } from './recover-ledger.js';
export { isLoopback, parseSettings, type SettingProblem } from './parse-settings.js';
export { storeName, type Address, type StoreLocation } from './setting-values.js';
export { SETTINGS, type Settings, type Variable } from './settings.js';
export { protectStore, type ProtectedStore } from './store-protection.js';
export { trustOf } from './trust-of.js';
export { copyStore, type CopyStoreOptions } from './store-copy/copy-store.js';
export type { CopyProgress, EventsCopied } from './store-copy/copy-events.js';
export type { StoreTally } from './store-copy/compare-events.js';
export { verifyStore, type StoreFault, type StoreVerification } from './verify-store.js';
export { createToken, readTokens, revokeToken, type TokenEntry, type TokenGrant } from './tokens.js';
