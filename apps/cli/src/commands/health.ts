import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Command } from 'commander';
import { parseJson, type JsonObject } from '@writ/encoding';
import { UnavailableError } from '@writ/errors';
import { isLoopback, type Address } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { isObject } from '../input/read-input.js';
import { settingsOf } from '../input/settings-of.js';
import { printable } from '../terminal/style.js';

interface Flags {
  readonly http?: string;
  readonly live?: boolean;
}

const PATIENCE_MS = 2_500;

export function healthCommand(shell: Shell): Command {
  return command('health', 'does the server on this machine take writes? for health checks of containers', [
    'writ health',
    'writ health --http 127.0.0.1:7421 --live',
  ])
    .option('--http <host:port>', "the server's HTTP address; WRIT_HTTP_ADDRESS when absent")
    .option('--live', 'only whether the process answers')
    .action(
      answering(shell, async (flags: Flags) => {
        const settings = settingsOf(shell.world, flags.http === undefined ? {} : { http: flags.http });
        const path = flags.live === true ? '/health/live' : '/health/ready';
        const { status, body } = await ask(here(settings.http), settings.tls !== undefined, path);
        const value = statusIn(body);
        const healthy = status === 200;
        return {
          exit: healthy ? 'OK' : 'NO',
          json: { healthy, ...value },
          text: (style) => (healthy ? style.good('healthy') : `${style.bad('not healthy')} ${printable(body)}`),
        };
      }),
    );
}

/** What the server says of itself; nothing where something else answers at its port. */
function statusIn(body: string): JsonObject {
  try {
    const value = parseJson(body);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** A listener on every interface is asked on loopback. */
function here({ host, port }: Address): Address {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  return { host: everywhere[host] ?? host, port };
}

function ask(address: Address, tls: boolean, path: string): Promise<{ status: number; body: string }> {
  const request = tls ? httpsRequest : httpRequest;
  const options = {
    ...address,
    path,
    timeout: PATIENCE_MS,
    // The certificate is for the public name, not for loopback. No secret is sent, and only a yes or no is believed.
    ...(tls && isLoopback(address) ? { rejectUnauthorized: false } : {}),
  };
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body = (body + chunk).slice(0, 65_536)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', (cause) => reject(unreachable(address, cause)));
    });
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', (cause) => reject(unreachable(address, cause)));
    call.end();
  });
}

function unreachable({ host, port }: Address, cause: unknown): UnavailableError {
  return new UnavailableError('SERVER_UNREACHABLE', `nothing answers at \`${host}:${port}\``, {}, { cause });
}
