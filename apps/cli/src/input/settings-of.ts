import { dirname, join } from 'node:path';
import { parseSettings, type Settings } from '@writ/instance';
import type { World } from '../world.js';

/** Flags that set the same variables as the environment does. */
export interface SettingFlags {
  readonly store?: string;
  readonly origin?: string;
  readonly keyFile?: string;
  readonly stateDir?: string;
  readonly tokensFile?: string;
  readonly grpc?: string;
  readonly http?: string;
}

/** Variables of this command line; a server does not know them. */
export const CLIENT_VARIABLES = {
  WRIT_ADDRESS: 'where the ledger answers gRPC (`--address`)',
  WRIT_TOKEN: 'the API token (`--token`)',
  WRIT_TENANT: 'the tenant (`--tenant`)',
  WRIT_CA_FILE: 'PEM certificates to trust for TLS (`--ca`)',
} as const;

/**
 * Settings of a ledger on this machine: the environment, and flags over it. Where `--store` names a file and nothing
 * else is said, keys, state, lineage and mark are looked for beside it, as `writ init` puts them.
 * @throws RejectedError `CONFIGURATION_INVALID`
 */
export function settingsOf(world: Pick<World, 'env'>, flags: SettingFlags): Settings {
  return parseSettings(variablesOf(world, flags));
}

/** The variables as they will be read. */
export function variablesOf({ env }: Pick<World, 'env'>, flags: SettingFlags): Record<string, string | undefined> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !Object.hasOwn(CLIENT_VARIABLES, name)));
  const given: Record<string, string | undefined> = {
    WRIT_STORE_URL: flags.store === undefined ? undefined : storeUrlOf(flags.store),
    WRIT_ORIGIN: flags.origin,
    WRIT_KEY_FILE: flags.keyFile ?? beside(flags.store, env['WRIT_KEY_FILE'], 'attestation-key.json'),
    WRIT_STATE_DIR: flags.stateDir ?? beside(flags.store, env['WRIT_STATE_DIR'], 'state'),
    WRIT_LINEAGE_DIR: beside(flags.store, env['WRIT_LINEAGE_DIR'], 'lineage'),
    WRIT_MARK_DIR: beside(flags.store, env['WRIT_MARK_DIR'], 'mark'),
    WRIT_CHECKPOINT_KEY_FILE: beside(flags.store, env['WRIT_CHECKPOINT_KEY_FILE'], 'checkpoint-key.json'),
    WRIT_TOKENS_FILE: flags.tokensFile,
    WRIT_GRPC_ADDRESS: flags.grpc,
    WRIT_HTTP_ADDRESS: flags.http,
  };
  return { ...own, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** `memory:`, `sqlite:<path>`, `esdb://…`, or the path of a file alone. */
export function storeUrlOf(store: string): string {
  return /^(memory:|sqlite:|esdb(\+discover)?:\/\/)/.test(store) ? store : `sqlite:${store}`;
}

function beside(store: string | undefined, variable: string | undefined, name: string): string | undefined {
  if (store === undefined || (variable !== undefined && variable !== '')) return undefined;
  const url = storeUrlOf(store);
  return url.startsWith('sqlite:') ? join(dirname(url.slice('sqlite:'.length)), name) : undefined;
}
