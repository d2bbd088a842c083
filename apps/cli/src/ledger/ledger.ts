import type { WritClient } from '@writ/client';

/** A ledger as the commands use it, over the network or opened here. Within one tenant. */
export type Ledger = Pick<
  WritClient,
  | 'evaluate'
  | 'simulate'
  | 'reserve'
  | 'renew'
  | 'commit'
  | 'release'
  | 'reconcile'
  | 'getExecution'
  | 'listExecutions'
  | 'watchExecution'
> & {
  readonly lineage: Pick<
    WritClient['lineage'],
    'getCheckpoint' | 'proveConsistency' | 'getTlogProof' | 'getEvidence' | 'awaitStanding'
  >;
  readonly keys: Pick<WritClient['keys'], 'list' | 'rotate' | 'revoke'>;
  readonly policies: Pick<WritClient['policies'], 'publish' | 'activate' | 'retire' | 'get' | 'list' | 'diff'>;
};

/** A ledger that somebody has to close. */
export interface OpenLedger {
  readonly ledger: Ledger;
  readonly tenant: string;
  close(): Promise<void>;
}
