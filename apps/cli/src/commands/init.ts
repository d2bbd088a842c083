import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { formatInstant } from '@writ/encoding';
import { createToken, openInstance, readTokens, storeName, trustOf, type Settings } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { trustFileText } from '../input/trust-file.js';
import type { Style } from '../terminal/style.js';
import { fields } from '../terminal/table.js';
import { UsageError } from '../usage-error.js';

interface Flags {
  readonly store?: string;
  readonly origin?: string;
  readonly keyFile?: string;
  readonly stateDir?: string;
  readonly tokensFile?: string;
  readonly token: boolean;
}

const FIRST_TOKEN = 'operator';

interface Made {
  readonly settings: Settings;
  readonly keyId: string;
  readonly tokensFile: string | undefined;
  readonly trustFile: string;
  readonly created: readonly string[];
  /** Shown once. */
  readonly token: string | undefined;
}

export function initCommand(shell: Shell): Command {
  return command('init', 'begin a ledger: key, store with its first event, state folder, first token', [
    'writ init --origin ledger.example/payments',
    'writ init --store /var/lib/writ/ledger.db --tokens-file /var/lib/writ/tokens.json',
  ])
    .option('--store <path or url>', 'WRIT_STORE_URL; `.writ/ledger.db` when absent')
    .option('--origin <name>', 'WRIT_ORIGIN; part of every signature, never changed later')
    .option('--key-file <path>', 'WRIT_KEY_FILE; beside the store when absent')
    .option('--state-dir <path>', 'WRIT_STATE_DIR; beside the store when absent')
    .option('--tokens-file <path>', 'WRIT_TOKENS_FILE; beside the key when absent')
    .option('--no-token', 'make no token: without a tokens file a server stays on loopback')
    .action(
      answering(shell, async (flags: Flags) => {
        const made = await begin(shell, flags);
        const { settings, keyId, tokensFile, trustFile, created, token } = made;
        return {
          json: {
            origin: settings.origin,
            store: shownStore(settings),
            keyFile: settings.keyFile,
            keyId,
            stateDir: settings.stateDir,
            trustFile,
            created,
            ...(tokensFile === undefined ? {} : { tokensFile }),
            ...(token === undefined ? {} : { token: { name: FIRST_TOKEN, role: 'operator', token } }),
          },
          text: (style) => madeText(made, style),
        };
      }),
    );
}

/** What is there stays as it is. A crash in between leaves what the next run goes on with. */
async function begin({ world }: Shell, flags: Flags): Promise<Made> {
  const settings = settingsOf(world, flags);
  const { store, keyFile } = settings;
  if (store.kind === 'memory') throw new UsageError('a store in memory needs no beginning');
  const tokensFile = flags.token ? (settings.tokensFile ?? join(dirname(keyFile), 'tokens.json')) : undefined;
  const trustFile = join(dirname(keyFile), 'trust.txt');
  const storeFile = store.kind === 'sqlite' ? [store.path] : [];
  const wanted = [
    ...storeFile,
    keyFile,
    settings.stateDir,
    trustFile,
    ...(tokensFile === undefined ? [] : [tokensFile]),
  ];
  const missing = wanted.filter((path) => !existsSync(path));
  // Without tokens: their file may not be there yet, and nobody calls.
  const instance = await openInstance({ ...settings, tokensFile: undefined }, { create: true });
  const { keyId } = instance;
  await instance.close();
  if (missing.includes(trustFile)) writeFileSync(trustFile, trustFileText(await trustOf(settings)));
  const token = tokensFile === undefined ? undefined : firstToken(tokensFile, world.nowMs());
  return { settings, keyId, tokensFile, trustFile, created: missing, token };
}

/** Without the password of a server. */
function shownStore({ store }: Settings): object {
  return store.kind === 'eventstoredb' ? { kind: store.kind, connection: storeName(store) } : store;
}

/** `undefined` where it was made before. */
function firstToken(file: string, nowMs: number): string | undefined {
  if (existsSync(file) && readTokens(file).some(({ name }) => name === FIRST_TOKEN)) return undefined;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const grant = { name: FIRST_TOKEN, role: 'operator', tenants: '*', actions: '*' } as const;
  return createToken(file, grant, formatInstant(nowMs));
}

function madeText({ settings, keyId, tokensFile, trustFile, created, token }: Made, style: Style): string {
  const mark = (path: string): string => (created.includes(path) ? style.good('created') : style.dim('was there'));
  const { store, keyFile, stateDir, origin } = settings;
  const name = storeName(store);
  const lines = [
    fields(style, [
      ['origin', origin],
      ['store', store.kind === 'sqlite' ? `${name} ${mark(name)}` : name],
      ['key', `${keyFile} ${mark(keyFile)} (${keyId})`],
      ['trust file', `${trustFile} ${mark(trustFile)}`],
      ['state', `${stateDir} ${mark(stateDir)}`],
      ...(tokensFile === undefined ? [] : [['tokens', `${tokensFile} ${mark(tokensFile)}`] as const]),
    ]),
  ];
  if (token !== undefined) {
    lines.push('', `${style.bold('operator token, shown once:')} ${token}`);
  }
  lines.push('', 'Next:');
  if (tokensFile !== undefined) lines.push(`  export WRIT_TOKENS_FILE=${tokensFile} WRIT_TOKEN=…`);
  lines.push('  writ serve', '  writ policy publish docs/policies/payment.yaml --activate');
  return lines.join('\n');
}
