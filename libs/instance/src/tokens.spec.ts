import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createToken,
  fileAuthenticator,
  openAuthenticator,
  readTokens,
  revokeToken,
  type TokenGrant,
} from './tokens.js';

let folder: string;
let file: string;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-tokens-'));
  file = join(folder, 'tokens.json');
  nowMs = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const CREATED = '2026-01-15T12:00:00.000Z';
const lender: TokenGrant = { name: 'lender', role: 'caller', tenants: ['acme'], actions: ['loan.disburse'] };
const codeOf = (call: () => unknown): unknown => {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('tokens', () => {
  it('are told once and kept as hashes, in a file that only its owner reads', () => {
    const token = createToken(file, lender, CREATED);
    expect(token).toMatch(/^writ_[A-Za-z0-9_-]{43}$/);
    expect(readFileSync(file, 'utf8')).not.toContain(token.slice(5));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readTokens(file)).toEqual([{ ...lender, createdAt: CREATED, hash: expect.stringMatching(/^sha256:/) }]);
  });

  it('name their holder', () => {
    const token = createToken(file, lender, CREATED);
    expect(fileAuthenticator(file).authenticate(token)).toEqual({
      actor: { id: 'lender', role: 'caller' },
      tenants: ['acme'],
      actions: ['loan.disburse'],
    });
  });

  it('let nobody in without one, or with another', () => {
    const token = createToken(file, lender, CREATED);
    const { authenticate } = fileAuthenticator(file);
    const other = `writ_${'A'.repeat(43)}`;
    for (const wrong of [undefined, '', 'writ_', other, `${token}x`, token.slice(0, -1), token.toUpperCase()]) {
      expect([wrong, codeOf(() => authenticate(wrong))]).toEqual([wrong, 'UNAUTHENTICATED']);
    }
  });

  it('are seen and forgotten by a running server within a second', () => {
    const first = createToken(file, lender, CREATED);
    const { authenticate } = fileAuthenticator(file, () => nowMs);
    const second = createToken(file, { ...lender, name: 'second' }, CREATED);
    revokeToken(file, 'lender');
    expect(codeOf(() => authenticate(first))).toBeUndefined();
    nowMs += 1_000;
    expect(codeOf(() => authenticate(first))).toBe('UNAUTHENTICATED');
    expect(authenticate(second).actor.id).toBe('second');
  });

  it('let nobody in once their file cannot be read', () => {
    const token = createToken(file, lender, CREATED);
    const { authenticate } = fileAuthenticator(file, () => nowMs);
    writeFileSync(file, '{"v":1}');
    nowMs += 1_000;
    expect(codeOf(() => authenticate(token))).toBe('TOKEN_INVALID');
    expect(codeOf(() => authenticate(token))).toBe('TOKEN_INVALID');
  });

  it('refuse a name twice, a tenant that is none, an unknown name to revoke, and a file that others read', () => {
    createToken(file, lender, CREATED);
    expect(codeOf(() => createToken(file, lender, CREATED))).toBe('TOKEN_INVALID');
    expect(codeOf(() => createToken(file, { ...lender, name: 'x', tenants: ['ACME'] }, CREATED))).toBe('NAME_INVALID');
    expect(codeOf(() => createToken(file, { ...lender, name: 'a b' }, CREATED))).toBe('TOKEN_INVALID');
    expect(codeOf(() => revokeToken(file, 'nobody'))).toBe('TOKEN_INVALID');
    chmodSync(file, 0o644);
    expect(codeOf(() => readTokens(file))).toBe('TOKEN_INVALID');
    expect(codeOf(() => readTokens(join(folder, 'missing')))).toBe('TOKEN_INVALID');
  });

  it('are not asked for where there is no file', () => {
    expect(openAuthenticator().authenticate(undefined).actor).toEqual({ id: 'anonymous@loopback', role: 'operator' });
  });
});
