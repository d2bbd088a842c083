import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildProgram, EXIT_CODES, exitCodeOf } from '@writ/cli';
import { ERROR_CODES, type ErrorCode } from '@writ/errors';

import { removeFolders, temporaryFolder } from '../harness/server.js';
import { POLICIES, ROOT, writ } from './writ.js';

afterAll(removeFolders);

const payment = join(POLICIES, 'payment.yaml');

type Command = Pick<ReturnType<typeof buildProgram>, 'commands' | 'name'>;

/** Every command that can be given, with its parents. */
function leaves(command: Command, path: readonly string[] = []): string[] {
  return command.commands.flatMap((child) => {
    const name = [...path, child.name()];
    return child.commands.length === 0 ? [name.join(' ')] : leaves(child, name);
  });
}

describe('the help', () => {
  const commands = leaves(buildProgram());

  it('knows these commands', () => {
    expect([...commands].sort()).toMatchSnapshot();
  });

  it('lists every first-level command', async () => {
    const { stdout, exitCode } = await writ(['--help']);
    const listed = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name]) => name);
    expect(exitCode).toBe(0);
    expect(listed).toEqual(buildProgram().commands.map((command) => command.name()));
  });

  it.each(commands)('shows an example of `writ %s`, which the command line can read', async (name) => {
    const { stdout, exitCode } = await writ([...name.split(' '), '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\\n  \\$ writ ${name}`));
  });

  it('explains exit codes and the environment', async () => {
    const exits = await writ(['help', 'exit-codes']);
    for (const { exitCode, meaning } of Object.values(EXIT_CODES)) {
      expect(exits.stdout).toContain(`${exitCode}`);
      expect(exits.stdout).toContain(meaning);
    }
    expect((await writ(['help', 'environment'])).stdout).toContain('WRIT_STORE_URL');
    expect((await writ(['help', 'policy', 'publish'])).stdout).toContain('writ policy publish');
    expect((await writ(['help', 'nothing'])).exitCode).toBe(2);
  });

  it('is shown, with exit code 2, where nothing is asked', async () => {
    expect(await writ([])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('Usage: writ') });
  });
});

describe('a command line that cannot be used', () => {
  it.each([
    ['an unknown command', ['publsh']],
    ['an unknown option', ['list', '--sate', 'open']],
    ['a missing argument', ['show']],
    ['a missing option', ['reconcile', 'x', '--attempt', '1']],
    ['a value that is no choice', ['reconcile', 'x', '--attempt', '1', '--outcome', 'maybe', '--reason', 'r']],
    ['a number that is none', ['list', '--limit', '0']],
    ['a file that is not there', ['policy', 'lint', 'no-such-file.yaml']],
    ['an unknown state', ['list', '--state', 'lost']],
    ['an intent without an action', ['evaluate', '-e', 'x', '-p', 'p', '--subject', 's']],
    ['a store and an address', ['show', 'x', '--store', 'a.db', '--address', '127.0.0.1:1']],
  ])('ends with 2: %s', async (_name, args) => {
    const { exitCode, stdout, stderr } = await writ(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  it('suggests what was meant', async () => {
    expect((await writ(['evalute'])).stderr).toContain('Did you mean evaluate?');
  });

  it('is one JSON document with --json', async () => {
    for (const args of [['policy', 'lint', 'no-such-file.yaml'], ['show'], ['list', '--sate', 'open']]) {
      const ran = await writ([...args, '--json']);
      expect(ran.json()).toMatchObject({ error: { code: 'USAGE', exitCode: 2 } });
    }
  });

  it('refuses JSON that other readers would let pass', async () => {
    const { exitCode, stderr } = await writ(['evaluate', '-'], { stdin: '{"executionId":"a","executionId":"b"}' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('JSON_DUPLICATE_NAME');
  });
});

describe('exit codes', () => {
  it('follow from the kind of the error, for every code', () => {
    const byKind = { Rejected: 4, Conflict: 5, Unavailable: 6, Integrity: 7 };
    for (const [code, { kind }] of Object.entries(ERROR_CODES)) {
      expect(exitCodeOf(code as ErrorCode)).toBe(code === 'CONFIGURATION_INVALID' ? 78 : byKind[kind]);
    }
  });

  it('are written down', () => {
    const page = readFileSync(join(ROOT, 'docs/spec/exit-codes.md'), 'utf8');
    for (const { exitCode, meaning } of Object.values(EXIT_CODES)) {
      expect(page).toMatch(new RegExp(`\\| +${exitCode} +\\| ${meaning.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`));
    }
  });
});

describe('writ errors', () => {
  it('explains a code', async () => {
    const { exitCode, stdout } = await writ(['errors', 'inv-013']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Conflict[\s\S]*exit code +5/);
    const all = (await writ(['errors', '--json'])).json() as { errors: { code: string }[] };
    expect(all.errors.map(({ code }) => code)).toEqual(Object.keys(ERROR_CODES));
  });

  it('does not know others', async () => {
    expect((await writ(['errors', 'NOPE'])).exitCode).toBe(2);
  });
});

describe('writ config and serve --check-config', () => {
  it('show what holds, and where it comes from', async () => {
    const ran = await writ(['config', '--json'], { env: { WRIT_MAX_BATCH: '8', WRIT_TOKEN: 'x' } });
    const settings = (ran.json() as { settings: { variable: string }[] }).settings;
    expect(settings.find(({ variable }) => variable === 'WRIT_MAX_BATCH')).toMatchObject({
      value: '8',
      from: 'environment',
    });
    expect(ran.stdout).not.toContain('"x"');
    expect((await writ(['config'])).stdout).toContain('WRIT_STORE_URL');
  });

  it.each([
    ['a value out of range', { WRIT_MAX_BATCH: '0' }, 'WRIT_MAX_BATCH'],
    ['a variable that does not exist', { WRIT_MAX_BATHC: '8' }, 'WRIT_MAX_BATHC'],
    ['an address beyond loopback without tokens', { WRIT_GRPC_ADDRESS: '0.0.0.0:7420' }, 'WRIT_GRPC_ADDRESS'],
  ])('name %s, and end with 78', async (_name, env, variable) => {
    for (const args of [['config'], ['serve', '--check-config']]) {
      const { exitCode, stderr } = await writ(args, { env });
      expect(exitCode).toBe(78);
      expect(stderr).toMatch(/^CONFIGURATION_INVALID: /);
      expect(stderr).toContain(variable);
    }
  });

  it('look whether the TLS files are there', async () => {
    const env = { WRIT_TLS_CERT_FILE: '/no/such/cert.pem', WRIT_TLS_KEY_FILE: payment };
    const ran = await writ(['serve', '--check-config'], { env });
    expect(ran).toMatchObject({ exitCode: 78, stderr: expect.stringContaining('WRIT_TLS_CERT_FILE') });
  });

  it('read flags like the variables that they set', async () => {
    expect((await writ(['serve', '--check-config'])).exitCode).toBe(0);
    expect((await writ(['serve', '--check-config', '--grpc', '0.0.0.0:1'])).exitCode).toBe(78);
    const ran = await writ(['serve', '--check-config', '--json', '--store', '/srv/ledger.db']);
    expect(ran.json()).toMatchObject({
      valid: true,
      settings: { store: { kind: 'sqlite', path: '/srv/ledger.db' }, keyFile: '/srv/attestation-key.json' },
    });
  });
});

describe('writ policy lint, test and diff', () => {
  const folder = temporaryFolder();
  const broken = join(folder, 'broken.yaml');
  const failing = join(folder, 'failing.yaml');
  const other = join(folder, 'other.yaml');
  const text = readFileSync(payment, 'utf8');
  writeFileSync(broken, text.replace('signals.sanctions ==', 'signals.sanction =='));
  writeFileSync(failing, text.replace('rule: known-payee', 'rule: new-payee'));
  writeFileSync(other, text.replace('version: 1.0.0', 'version: 1.1.0').replace('> 1000000', '> 10000'));

  it('pass what is publishable', async () => {
    const lint = await writ(['policy', 'lint', payment, '--json']);
    expect(lint.exitCode).toBe(0);
    expect(lint.json()).toMatchObject({ publishable: true, files: [{ file: payment, findings: [] }] });
    expect((await writ(['policy', 'test', payment])).stdout).toMatch(/9 passed, 0 failed/);
  });

  it('say where a policy is wrong', async () => {
    const { exitCode, stdout } = await writ(['policy', 'lint', payment, broken]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(new RegExp(`${broken}:\\d+:\\d+ error [A-Z_]+`));
    expect((await writ(['policy', 'lint', '-'], { stdin: 'id: [' })).exitCode).toBe(1);
  });

  it('say which test fails', async () => {
    const { exitCode, stdout } = await writ(['policy', 'test', failing]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/FAIL a small payment to a known payee\n.*new-payee[\s\S]*8 passed, 1 failed/);
    expect((await writ(['policy', 'lint', failing])).exitCode).toBe(1);
  });

  it('name what changes', async () => {
    const ran = await writ(['policy', 'diff', payment, other, '--json']);
    expect(ran.json()).toMatchObject({
      same: false,
      changes: expect.arrayContaining([
        { kind: 'settings', name: 'version', before: '1.0.0', after: '1.1.0' },
        expect.objectContaining({ kind: 'rules', name: 'large', change: 'changed' }),
      ]),
    });
    expect((await writ(['policy', 'diff', payment, other])).stdout).toContain('rule large changed (when)');
    expect((await writ(['policy', 'diff', payment, payment])).stdout).toBe('no difference\n');
    expect((await writ(['policy', 'diff', payment, broken])).exitCode).toBe(2);
  });
});

describe('writ keys', () => {
  const file = join(temporaryFolder(), 'keys', 'key.json');

  it('makes a key for its owner alone, and shows the public half', async () => {
    const made = await writ(['keys', 'create', '--out', file, '--json']);
    expect(made.exitCode).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { secretKey } = JSON.parse(readFileSync(file, 'utf8')) as { secretKey: string };
    const shown = await writ(['keys', 'show', file, '--json']);
    expect(shown.json()).toMatchObject({ keyId: made.json().keyId, publicKey: made.json().publicKey });
    for (const { stdout } of [made, shown, await writ(['keys', 'show', file])]) {
      expect(stdout).not.toContain(secretKey);
    }
  });

  it('never touches a file that is there, and reads no other', async () => {
    expect(await writ(['keys', 'create', '--out', file])).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/^KEY_FILE_INVALID: /),
    });
    expect((await writ(['keys', 'show', payment])).exitCode).toBe(4);
  });
});

describe('writ tokens', () => {
  const file = join(temporaryFolder(), 'tokens.json');
  const env = { WRIT_TOKENS_FILE: file };

  it('makes, lists and revokes', async () => {
    const made = await writ(['tokens', 'create', 'api', '--role', 'caller', '--tenant', 'acme', '--file', file]);
    const token = made.stdout.trim();
    expect(token).toMatch(/^writ_[A-Za-z0-9_-]{43}$/);
    const listed = await writ(['tokens', 'list', '--json'], { env });
    expect(listed.json()).toMatchObject({ tokens: [{ name: 'api', role: 'caller', tenants: ['acme'], actions: '*' }] });
    expect(listed.stdout + readFileSync(file, 'utf8')).not.toContain(token);
    expect((await writ(['tokens', 'create', 'api', '--role', 'auditor'], { env })).exitCode).toBe(4);
    expect((await writ(['tokens', 'revoke', 'api'], { env })).exitCode).toBe(0);
    expect((await writ(['tokens', 'revoke', 'api'], { env })).exitCode).toBe(4);
  });

  it('asks which file, and which role', async () => {
    expect((await writ(['tokens', 'list'])).exitCode).toBe(2);
    expect((await writ(['tokens', 'create', 'x'], { env })).exitCode).toBe(2);
    expect((await writ(['tokens', 'create', 'x', '--role', 'king'], { env })).exitCode).toBe(2);
  });
});

describe('the terminal', () => {
  it('shows colour on a terminal only, and not where it is not wanted', async () => {
    const escape = '\u001b[';
    expect((await writ(['policy', 'lint', payment])).stdout).not.toContain(escape);
    expect((await writ(['policy', 'lint', payment], { terminal: true })).stdout).toContain(escape);
    const env = { NO_COLOR: '1' };
    expect((await writ(['policy', 'lint', payment], { terminal: true, env })).stdout).not.toContain(escape);
    expect((await writ(['policy', 'lint', payment, '--json'], { terminal: true })).stdout).not.toContain(escape);
  });

  it('never shows control characters of others', async () => {
    const stdin = readFileSync(payment, 'utf8').replace('version: 1.0.0', 'version: "\\e[31m\\u202e"');
    const { stdout } = await writ(['policy', 'lint', '-'], { stdin });
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\u202e');
  });
});

describe('writ build-digest', () => {
  it('tells what decisions will record', async () => {
    expect((await writ(['build-digest', '--json'])).json()).toEqual({
      version: expect.stringContaining('writ/'),
      buildDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });
});
