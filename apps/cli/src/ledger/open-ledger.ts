import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { settingsOf, type SettingFlags } from '../input/settings-of.js';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';
import type { OpenLedger } from './ledger.js';

/** Flags of every command that talks to a ledger. */
export interface LedgerFlags extends Pick<SettingFlags, 'store' | 'origin' | 'keyFile'> {
  readonly address?: string;
  readonly token?: string;
  readonly tenant?: string;
  readonly tls?: boolean;
  readonly ca?: string;
  readonly allowPlaintext?: boolean;
}

const DEFAULT_ADDRESS = '127.0.0.1:7420';
const DEFAULT_TENANT = 'default';

/** Adds those flags. */
export function onLedger(command: Command): Command {
  return command
    .optionsGroup('Which ledger:')
    .option('-a, --address <host:port>', `a running ledger (WRIT_ADDRESS; ${DEFAULT_ADDRESS})`)
    .option('-t, --tenant <name>', `WRIT_TENANT; \`${DEFAULT_TENANT}\``)
    .option('--token <token>', 'better given as WRIT_TOKEN: others can see a command line')
    .option('--tls', "TLS, with the machine's own authorities")
    .option('--ca <file>', 'TLS, with the authorities in this PEM file (WRIT_CA_FILE)')
    .option('--allow-plaintext', 'talk in the clear beyond loopback')
    .option('--store <path>', 'no server: open this store here, with the key beside it')
    .option('--origin <name>', 'with --store: the name of the ledger (WRIT_ORIGIN)')
    .option('--key-file <path>', 'with --store: the signing key (WRIT_KEY_FILE)');
}

/** Runs `use` on the ledger that the flags name, and lets go of it. */
export async function withLedger<T>(
  world: World,
  flags: LedgerFlags,
  use: (open: OpenLedger) => Promise<T>,
): Promise<T> {
  const open = await openLedger(world, flags);
  try {
    return await use(open);
  } finally {
    await open.close();
  }
}

/** As `withLedger`, for what outlives the call; the caller closes. */
export async function openLedger(world: World, flags: LedgerFlags): Promise<OpenLedger> {
  return flags.store === undefined ? connect(world, flags) : openHere(world, flags);
}

/** Both ways are loaded when they are taken: a local command should not wait for the other. */
async function connect({ env }: World, flags: LedgerFlags): Promise<OpenLedger> {
  const { WritClient } = await import('@writ/client');
  const tenant = tenantOf(env, flags);
  const caFile = flags.ca ?? valueOf(env['WRIT_CA_FILE']);
  const token = flags.token ?? valueOf(env['WRIT_TOKEN']);
  const tls = caFile === undefined ? flags.tls === true || undefined : { ca: pemOf(caFile) };
  const client = WritClient.connect({
    address: (flags.address ?? valueOf(env['WRIT_ADDRESS']) ?? DEFAULT_ADDRESS).split(','),
    tenant,
    ...(token === undefined ? {} : { token }),
    ...(tls === undefined ? {} : { tls }),
    ...(flags.allowPlaintext === true ? { allowPlaintext: true } : {}),
  });
  return { ledger: client, tenant, close: async () => client.close() };
}

async function openHere(world: World, flags: LedgerFlags): Promise<OpenLedger> {
  if (flags.address !== undefined) throw new UsageError('`--store` opens a store here; `--address` has no use then');
  const [{ openInstance }, { embeddedLedger }] = await Promise.all([
    import('@writ/instance'),
    import('./embedded-ledger.js'),
  ]);
  const tenant = tenantOf(world.env, flags);
  const instance = await openInstance(settingsOf(world, flags), { brief: true });
  try {
    const ledger = embeddedLedger(instance, tenant, flags.token ?? valueOf(world.env['WRIT_TOKEN']));
    return { ledger, tenant, close: () => instance.close() };
  } catch (error) {
    await instance.close();
    throw error;
  }
}

function tenantOf(env: World['env'], flags: LedgerFlags): string {
  return flags.tenant ?? valueOf(env['WRIT_TENANT']) ?? DEFAULT_TENANT;
}

/** Container tools write an unset variable as an empty one. */
function valueOf(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function pemOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`\`${path}\` cannot be read`, { cause });
  }
}
