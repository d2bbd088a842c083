import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { canonicalText, parseJson, parseTenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { Principal } from '@writ/operations';
import { z } from 'zod';

/** What a token may do; the secret itself is shown once, when it is made. */
export interface TokenGrant {
  /** Stable name of its holder: the actor id of everything done with it. */
  readonly name: string;
  readonly role: 'caller' | 'auditor' | 'operator';
  readonly tenants: readonly string[] | '*';
  /** For callers: the actions that they may ask for. */
  readonly actions: readonly string[] | '*';
}
export interface TokenEntry extends TokenGrant {
  readonly createdAt: string;
  /** `sha256:` and hex over the token. Tokens are 256 random bits: a salt or a slow hash would add nothing. */
  readonly hash: string;
}

const PREFIX = 'writ_';
const TOKEN_BYTES = 32;
const TOKEN = /^writ_[A-Za-z0-9_-]{43}$/;
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const OTHERS = 0o077;

const list = z.union([z.literal('*'), z.array(z.string()).max(1_000)]);
const fileSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('writ-tokens'),
  tokens: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/),
        role: z.enum(['caller', 'auditor', 'operator']),
        tenants: list,
        actions: list,
        createdAt: z.string(),
        hash: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      }),
    )
    .max(10_000),
});

/**
 * Makes a token and adds its hash to the file (created where missing, mode 0600). Returns the token: it exists nowhere else.
 * @throws RejectedError `TOKEN_INVALID` when the description is not one, or the name is taken
 */
export function createToken(file: string, grant: TokenGrant, createdAt: string): string {
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
  const entries = existsSync(file) ? readTokens(file) : [];
  if (entries.some((entry) => entry.name === grant.name)) refuse(`the name \`${grant.name}\` is taken`);
  if (grant.tenants !== '*') grant.tenants.forEach((tenant) => parseTenant(tenant));
  writeTokens(file, [...entries, { ...grant, createdAt, hash: hashOf(token) }]);
  return token;
}

/** @throws RejectedError `TOKEN_INVALID` when there is no such token */
export function revokeToken(file: string, name: string): void {
  const entries = readTokens(file);
  if (!entries.some((entry) => entry.name === name)) refuse(`there is no token \`${name}\``);
  writeTokens(
    file,
    entries.filter((entry) => entry.name !== name),
  );
}

/** @throws RejectedError `TOKEN_INVALID` when the file cannot be read, is not ours, or others can read it */
export function readTokens(file: string): readonly TokenEntry[] {
  try {
    const status = statSync(file);
    if ((status.mode & OTHERS) !== 0) refuse(`others can read \`${file}\`; run \`chmod 600\` on it`);
    return fileSchema.parse(parseJson(readFileSync(file), { maxBytes: MAX_FILE_BYTES })).tokens;
  } catch (cause) {
    if (cause instanceof RejectedError && cause.code === 'TOKEN_INVALID') throw cause;
    throw new RejectedError('TOKEN_INVALID', `the tokens file \`${file}\` cannot be used`, { file }, { cause });
  }
}

/** Whole or not at all: a crash leaves the former file. */
function writeTokens(file: string, tokens: readonly TokenEntry[]): void {
  const checked = fileSchema.safeParse({ v: 1, kind: 'writ-tokens', tokens });
  if (!checked.success) refuse(`the token cannot be described so: ${z.prettifyError(checked.error)}`);
  const draft = `${file}.new`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, `${canonicalText(checked.data)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  chmodSync(draft, 0o600);
  renameSync(draft, file);
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Tells who holds a token. */
export interface Authenticator {
  /** @throws RejectedError `UNAUTHENTICATED` */
  authenticate(token: string | undefined): Principal;
}

const ANONYMOUS: Principal = {
  actor: { id: 'anonymous@loopback', role: 'operator' },
  tenants: '*',
  actions: '*',
};

/** Without a tokens file (and then only on loopback): everybody may do everything, under one name. */
export function openAuthenticator(): Authenticator {
  return { authenticate: () => ANONYMOUS };
}

/** How long a revoked token may go on working. */
const RELOAD_AFTER_MS = 1_000;

/** Looks tokens up in a file, which is read again when it has changed. An unreadable file lets nobody in. */
export function fileAuthenticator(file: string, nowMs: () => number = Date.now): Authenticator {
  let principals = readPrincipals(file);
  let stamp = stampOf(file);
  let checkedAtMs = nowMs();
  return {
    authenticate(token) {
      if (Math.abs(nowMs() - checkedAtMs) >= RELOAD_AFTER_MS) {
        const current = stampOf(file);
        if (current !== stamp) principals = readPrincipals(file);
        stamp = current;
        checkedAtMs = nowMs();
      }
      const found = token !== undefined && TOKEN.test(token) ? lookUp(principals, hashOf(token)) : undefined;
      if (found === undefined) throw new RejectedError('UNAUTHENTICATED', 'no token, or one that is not known here');
      return found;
    },
  };
}

interface Known {
  readonly hash: Buffer;
  readonly principal: Principal;
}

/** By the hash's text, then compared again in constant time. What a clock could tell is about a hash, not the token. */
function lookUp(principals: ReadonlyMap<string, Known>, hash: string): Principal | undefined {
  const known = principals.get(hash);
  return known !== undefined && timingSafeEqual(known.hash, Buffer.from(hash)) ? known.principal : undefined;
}

function readPrincipals(file: string): ReadonlyMap<string, Known> {
  return new Map(
    readTokens(file).map(({ hash, name, role, tenants, actions }) => [
      hash,
      { hash: Buffer.from(hash), principal: { actor: { id: name, role }, tenants, actions } },
    ]),
  );
}

function stampOf(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    return [ino, size, mtimeMs, ctimeMs].join(':');
  } catch {
    return 'missing';
  }
}

function hashOf(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}

function refuse(message: string): never {
  throw new RejectedError('TOKEN_INVALID', message);
}
