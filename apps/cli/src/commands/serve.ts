import { accessSync, constants } from 'node:fs';
import type { Command } from 'commander';
import { RejectedError } from '@writ/errors';
import { readTokens, type Settings } from '@writ/instance';
import { jsonForm } from '../json-form.js';
import { command, type Shell } from '../command.js';
import { settingsOf, type SettingFlags } from '../input/settings-of.js';
import { styleOf } from '../terminal/style.js';

interface Flags extends SettingFlags {
  readonly checkConfig?: boolean;
  readonly create?: boolean;
  readonly json?: boolean;
}

export function serveCommand(shell: Shell): Command {
  return command('serve', 'serve a ledger over gRPC and HTTP until SIGTERM or SIGINT', [
    'writ serve',
    'writ serve --check-config   # says what is wrong and ends',
    'writ serve --store .writ/ledger.db --grpc 127.0.0.1:7420 --http 127.0.0.1:7421',
  ])
    .option('--store <path>', 'WRIT_STORE_URL')
    .option('--origin <name>', 'WRIT_ORIGIN')
    .option('--key-file <path>', 'WRIT_KEY_FILE')
    .option('--state-dir <path>', 'WRIT_STATE_DIR')
    .option('--tokens-file <path>', 'WRIT_TOKENS_FILE')
    .option('--grpc <host:port>', 'WRIT_GRPC_ADDRESS; port 0: any that is free')
    .option('--http <host:port>', 'WRIT_HTTP_ADDRESS; port 0: any that is free')
    .option('--create', 'make store and key where they are missing; without it a missing store is an error')
    .option('--check-config', 'read the configuration, say what is wrong with it, and end')
    .addHelpText('after', '\nEverything else is set by environment variables: `writ config` lists them.')
    .action(async (flags: Flags) => {
      const { world } = shell;
      const settings = settingsOf(world, flags);
      if (flags.checkConfig === true) {
        checkConfiguration(shell, settings, flags);
        return;
      }
      const { serve } = await import('@writ/ledger-app');
      shell.exitCode = await serve(settings, {
        create: flags.create === true,
        onServing: ({ grpcPort, httpPort }, { origin, keyId, publicKey, runtime }) => {
          if (flags.json !== true) return;
          const trusted = { origin, keyId, publicKey: Buffer.from(publicKey).toString('base64') };
          world.stdout.write(`${JSON.stringify({ grpcPort, httpPort, pid: process.pid, ...trusted, ...runtime })}\n`);
        },
      });
    });
}

/** What can be known without opening anything: every variable, the rules between them, and the files that they name. */
function checkConfiguration({ world }: Shell, settings: Settings, flags: Flags): void {
  requireReadable('WRIT_TLS_CERT_FILE', settings.tls?.certFile);
  requireReadable('WRIT_TLS_KEY_FILE', settings.tls?.keyFile);
  requireReadable('WRIT_TLS_CLIENT_CA_FILE', settings.tls?.clientCaFile);
  const tokens = settings.tokensFile === undefined ? undefined : readTokens(settings.tokensFile).length;
  if (flags.json === true) {
    const counted = tokens === undefined ? {} : { tokens };
    world.stdout.write(`${JSON.stringify(jsonForm({ valid: true, settings, ...counted }), null, 2)}\n`);
    return;
  }
  const style = styleOf(world, world.stdout);
  world.stdout.write(`${style.good('the configuration is valid')}; \`writ config\` shows it\n`);
}

function requireReadable(variable: string, path: string | undefined): void {
  if (path === undefined) return;
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const problems = [{ variable, value: path, wants: 'a file that can be read' }];
    const message = `\`${variable}\` is \`${path}\` and wants a file that can be read`;
    throw new RejectedError('CONFIGURATION_INVALID', message, { problems }, { cause });
  }
}
