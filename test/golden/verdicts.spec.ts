import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDigest, sha256 } from '@writ/encoding';
import { opensslVerify, opensslVerifyEd25519 } from '@writ/signing';
import { parseTrustFile, verifyBundle, type Claims, type Report } from '@writ/verifier';

import { dishonestCases, honestCases, type GoldenCase } from './cases.js';
import { history, trustText, V1 } from './frozen-files.js';
import { judgementOf, optionsOf, type Judgement } from './judge.js';

interface FrozenCase extends Judgement {
  readonly bundle: string;
  /** Of a bundle that verifies. */
  readonly claims?: Claims;
}

const file = join(V1, 'cases.json');
const writes = process.env['WRIT_WRITE_GOLDEN'] === '1';
const frozen = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, FrozenCase>) : {};
const trust = parseTrustFile(trustText());
const honest = honestCases(history());
const dishonest = dishonestCases(history());
const cases = [...honest, ...dishonest];

function reportOf(golden: GoldenCase): Report {
  const plugged = { verifySignature: opensslVerify, verifyEd25519: opensslVerifyEd25519 };
  return verifyBundle(golden.bundle, trust, { ...optionsOf(golden), ...plugged });
}

function frozenCaseOf(golden: GoldenCase): FrozenCase {
  const report = reportOf(golden);
  const { claims } = report;
  const bundle = formatDigest(sha256(golden.bundle));
  return { bundle, ...judgementOf(report), ...(claims === null ? {} : { claims }) };
}

if (writes) {
  test('cases that are new are written down', () => {
    const added = cases.filter(({ name }) => !Object.hasOwn(frozen, name)).map((one) => [one.name, frozenCaseOf(one)]);
    writeFileSync(file, `${JSON.stringify({ ...frozen, ...Object.fromEntries(added) }, null, 1)}\n`);
  });
}

(writes ? describe.skip : describe)('every frozen case', () => {
  test('is still made, and no other', () => {
    expect(cases.map(({ name }) => name).sort()).toEqual(Object.keys(frozen).sort());
  });

  test.each(cases.map((golden) => [golden.name, golden] as const))('%s: is judged as it was', (name, golden) => {
    const { bundle, claims, ...judgement } = frozen[name] as FrozenCase;
    expect(formatDigest(sha256(golden.bundle))).toBe(bundle);
    const report = reportOf(golden);
    expect(judgementOf(report)).toEqual(judgement);
    // A later version may claim more, never something else.
    if (claims === undefined) expect(report.claims).toBeNull();
    else expect(report.claims).toMatchObject(claims);
  });

  test.each(honest.map(({ name }) => name))('%s: verifies', (name) => {
    expect(frozen[name]?.verdict).toMatch(/^(decided|reevaluated)$/);
    expect(frozen[name]?.failed).toEqual({});
  });

  test.each(dishonest.map(({ name }) => name))('%s: does not verify, unless only a mirror could tell', (name) => {
    const nobodyLooks = name.endsWith('-and-nobody-looks');
    expect(frozen[name]?.verdict).toBe(nobodyLooks ? 'reevaluated' : null);
    expect(Object.keys(frozen[name]?.failed ?? {}).length > 0).toBe(!nobodyLooks);
  });

  test('a wrong outcome, signed and in the tree, fails re-evaluation and nothing else', () => {
    expect(frozen['wrong-outcome']?.failed).toEqual({ reevaluation: 'OUTCOME_DIFFERS' });
  });

  test('an event that a signed head left out is found by a mirror alone', () => {
    expect(frozen['last-event-left-out-head-signed']?.failed).toEqual({ completeness: 'EVENT_LEFT_OUT' });
    expect(frozen['revocation-left-out-by-the-thief']?.failed).toEqual({ completeness: 'EVENT_LEFT_OUT' });
    expect(frozen['last-event-left-out-and-nobody-looks']?.claims?.execution?.completeness).toBe('asserted');
    expect(frozen['committed-with-mirror']?.claims?.execution?.completeness).toBe('proved');
  });
});
