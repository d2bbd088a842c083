import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Option, type Command } from 'commander';
import { formatInstant } from '@writ/encoding';
import { createToken, readTokens, revokeToken, type TokenGrant } from '@writ/instance';
import { answering, collect, command, group, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

interface Flags {
  readonly file?: string;
}
interface CreateFlags extends Flags {
  readonly role: TokenGrant['role'];
  readonly tenant?: readonly string[];
  readonly action?: readonly string[];
}

export function tokensCommand(shell: Shell): Command {
  return group('tokens', 'who may call, and what; hashed at rest', [
    createTokenCommand(shell),
    listTokens(shell),
    revokeTokenCommand(shell),
  ]);
}

const FILE: readonly [string, string] = ['-f, --file <path>', 'the tokens file; WRIT_TOKENS_FILE when absent'];

function fileOf(world: World, flags: Flags): string {
  const file = flags.file ?? settingsOf(world, {}).tokensFile;
  if (file !== undefined) return file;
  throw new UsageError('which tokens file?', { advice: 'give --file, or set WRIT_TOKENS_FILE' });
}

function createTokenCommand(shell: Shell): Command {
  return command('create', 'make a token; it is shown once', [
    'writ tokens create payments-api --role caller --tenant acme --action payment.send',
    'writ tokens create auditor-1 --role auditor --tenant acme',
    'writ tokens create ops --role operator   # all tenants',
  ])
    .argument('<name>', 'of its holder: the actor of everything done with it')
    .addOption(
      new Option('--role <role>', 'caller: runs; auditor: reads; operator: also policies and reconcile')
        .choices(['caller', 'auditor', 'operator'])
        .makeOptionMandatory(),
    )
    .option('--tenant <name>', 'repeat it for more; all when absent', collect)
    .option('--action <name>', 'of a caller; repeat it for more; all when absent', collect)
    .option(...FILE)
    .action(
      answering(shell, async (name: string, flags: CreateFlags) => {
        const file = fileOf(shell.world, flags);
        const grant = { name, role: flags.role, tenants: flags.tenant ?? '*', actions: flags.action ?? '*' } as const;
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        const token = createToken(file, grant, formatInstant(shell.world.nowMs()));
        return { json: { ...grant, file, token }, text: () => token };
      }),
    );
}

function listTokens(shell: Shell): Command {
  return command('list', 'names, roles and reach; never the tokens', ['writ tokens list'])
    .option(...FILE)
    .action(
      answering(shell, async (flags: Flags) => {
        const tokens = readTokens(fileOf(shell.world, flags)).map(({ hash: _, ...token }) => token);
        const many = (values: readonly string[] | '*'): string => (values === '*' ? '*' : values.join(', '));
        return {
          json: { tokens },
          text: (style) =>
            table(
              style,
              ['name', 'role', 'tenants', 'actions', 'created'],
              tokens.map((token) =>
                [token.name, token.role, many(token.tenants), many(token.actions), token.createdAt].map(printable),
              ),
            ),
        };
      }),
    );
}

function revokeTokenCommand(shell: Shell): Command {
  return command('revoke', 'a token stops working within a second', ['writ tokens revoke payments-api'])
    .argument('<name>')
    .option(...FILE)
    .action(
      answering(shell, async (name: string, flags: Flags) => {
        revokeToken(fileOf(shell.world, flags), name);
        return { json: { revoked: name }, text: (style) => `${style.good('revoked')} ${printable(name)}` };
      }),
    );
}
