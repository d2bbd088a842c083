import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeEntryBundle } from '@writ/merkle';
import { opensslVerify, opensslVerifyEd25519 } from '@writ/signing';
import { createBundleVerifier, parseTrustFile, type Report } from '@writ/verifier';

import { dishonestCases, honestCases, type GoldenCase } from '../golden/cases.js';
import { history, trustText, V1 } from '../golden/frozen-files.js';
import { optionsOf } from '../golden/judge.js';
import { describeReader, dice, SecondReader, type Answer } from './reader.js';

/** These need the rules of executions and a policy engine; the second reader stops before them, at `decided`. */
const NOT_READ = ['stateMachine', 'reevaluation'];
/** Of single-byte changes that are tried, spread over the whole file. */
const CHANGES = process.env['WRIT_LONG_PROPERTIES'] === '1' ? 20_000 : 400;

const trustPath = join(V1, 'trust.txt');
const verifier = createBundleVerifier(parseTrustFile(trustText()), {
  verifySignature: opensslVerify,
  verifyEd25519: opensslVerifyEd25519,
});
const cases = [...honestCases(history()), ...dishonestCases(history())];

interface Finding {
  readonly status: string;
  readonly code: string | null;
}

/** Ours, as far as the second reader goes. A check that was not asked because of another failed one is left open. */
function checksOf(report: Report): Map<string, Finding> {
  const read = report.checks.filter(({ name, code }) => !NOT_READ.includes(name) && code !== 'RESTS_ON_FAILED');
  return new Map(read.map(({ name, status, code }) => [name, { status, code }]));
}

function checksIn(answer: Answer): Map<string, Finding> {
  const checks = Object.entries(answer['checks'] as Record<string, [string, string | null]>);
  return new Map(
    checks
      .filter(([, [, code]]) => code !== 'RESTS_ON_FAILED')
      .map(([name, [status, code]]) => [name, { status, code }]),
  );
}

/** Checks on which the two differ. `first`: also in the first code; else in the status alone. */
function differences(report: Report, answer: Answer, first: boolean): unknown[] {
  const theirs = checksIn(answer);
  return [...checksOf(report)].flatMap(([name, ours]) => {
    const found = theirs.get(name);
    if (found === undefined) return [];
    const same = found.status === ours.status && (!first || found.code === ours.code);
    return same ? [] : [{ name, ours, theirs: found }];
  });
}

describeReader('a second reader of bundles', () => {
  let reader: SecondReader;
  beforeAll(() => {
    reader = new SecondReader();
  });
  afterAll(() => reader.close());

  const ask = async ({ bundle, entries, notBeforeMs }: GoldenCase): Promise<Answer> =>
    reader.ask({
      kind: 'bundle',
      trust: trustPath,
      file: reader.write(bundle),
      ...(entries === undefined ? {} : { entries: reader.write(encodeEntryBundle(entries)), size: entries.length }),
      ...(notBeforeMs === undefined ? {} : { not_before: notBeforeMs / 1_000 }),
    });

  test.each(cases.map((golden) => [golden.name, golden] as const))(
    '%s: finds the same in every check',
    async (_, golden) => {
      const report = verifier.verify(golden.bundle, optionsOf(golden));
      const answer = await ask(golden);
      expect(differences(report, answer, true)).toEqual([]);
      const failedElsewhere = report.checks.some(({ name, status }) => NOT_READ.includes(name) && status === 'failed');
      const expected = report.verdict === 'reevaluated' ? 'decided' : report.verdict;
      if (!failedElsewhere) expect(answer['verdict']).toBe(expected);
    },
  );

  test('comes to the same on bundles with one byte changed', async () => {
    const bytes = new Uint8Array(readFileSync(join(V1, 'bundles/committed.json')));
    const roll = dice(4);
    const { claims } = verifier.verify(bytes);
    for (let count = 0; count < CHANGES; count += 1) {
      const at = Math.floor((count * bytes.length) / CHANGES) + roll(Math.ceil(bytes.length / CHANGES));
      const changed = bytes.slice();
      changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ (1 << roll(8));
      const report = verifier.verify(changed);
      const answer = await ask({ name: 'changed', bundle: changed });
      // Where several things are wrong at once, which of them a check names first is nobody's promise.
      expect([at, differences(report, answer, false)]).toEqual([at, []]);
      if (report.claims === null) continue;
      // What is left is a cosignature that nobody knows any more, where the other one is enough: one witness less is claimed.
      const { asOf, ...others } = report.claims;
      expect({ ...others, asOf: { ...asOf, cosignedBy: claims?.asOf?.cosignedBy } }).toEqual({ ...claims });
      expect(claims?.asOf?.cosignedBy).toEqual(expect.arrayContaining([...(asOf?.cosignedBy ?? [])]));
      expect(asOf?.cosignedBy).toHaveLength(1);
    }
  }, 300_000);
});
