import type { Instance } from '@writ/instance';

/** What the servers need of an open instance. */
export type ServedLedger = Pick<
  Instance,
  'operations' | 'authenticate' | 'readiness' | 'metrics' | 'lineageStatus' | 'runtime' | 'origin' | 'keyId'
>;
