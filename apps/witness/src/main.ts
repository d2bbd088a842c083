import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { LedgerError } from '@writ/errors';

import { createWitnessFolder, openWitnessFolder } from './witness-folder.js';
import { startWitnessServer } from './witness-server.js';
import { Witness } from './witness.js';

const USAGE = `writ-witness: cosigns checkpoints of the logs that it knows

  writ-witness keygen --dir <folder> --name <name>
      makes the folder, its key and an empty record; prints the key to hand to those who run logs

  writ-witness serve --dir <folder> [--host 127.0.0.1] [--port 7390] [--tls-cert <pem> --tls-key <pem>]
      serves; <folder>/logs.policy says which logs are known: lines \`log <vkey>\`, and \`quorum none\`

Exit codes: 0 done, 2 the command line cannot be used, 4 a file or a setting cannot be used,
7 the record of what was cosigned is missing or another's, 70 a bug.
`;
const EXIT = { Rejected: 4, Conflict: 5, Unavailable: 6, Integrity: 7 } as const;

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'keygen') return keygen(rest);
  if (command === 'serve') return serve(rest);
  const wanted = command === 'help' || command === '--help';
  (wanted ? process.stdout : process.stderr).write(USAGE);
  return wanted ? 0 : 2;
}

async function keygen(args: readonly string[]): Promise<number> {
  const { dir, name } = read(args, ['dir', 'name']);
  if (dir === undefined || name === undefined) throw new UsageError('`--dir` and `--name` are needed');
  const key = await createWitnessFolder(dir, name);
  process.stdout.write(`${key.vkey}\n`);
  return 0;
}

async function serve(args: readonly string[]): Promise<number> {
  const options = read(args, ['dir', 'host', 'port', 'tls-cert', 'tls-key']);
  const { dir, host = '127.0.0.1', 'tls-cert': cert, 'tls-key': key } = options;
  const port = Number(options['port'] ?? '7390');
  if (dir === undefined) throw new UsageError('`--dir` is needed');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError('`--port` is a number up to 65535');
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('`--tls-cert` and `--tls-key` go together');
  const folder = await openWitnessFolder(dir);
  const witness = new Witness({ logs: folder.logs, signer: folder.key, state: folder.state, nowMs: Date.now });
  const server = await startWitnessServer(witness, {
    host,
    port,
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } }),
    onError: (error) => process.stderr.write(`writ-witness: ${tell(error)}\n`),
  });
  process.stdout.write(`witness ${folder.key.vkey}\nlistening on ${server.url}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  folder.state.close();
  return 0;
}

class UsageError extends Error {}

function read(args: readonly string[], names: readonly string[]): Readonly<Record<string, string | undefined>> {
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function tell(error: unknown): string {
  if (error instanceof LedgerError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`writ-witness: ${tell(error)}\n`);
  if (error instanceof UsageError) process.exitCode = 2;
  else process.exitCode = error instanceof LedgerError ? EXIT[error.kind] : 70;
}
