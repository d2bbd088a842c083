import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeEntryBundle } from '@writ/merkle';
import { opensslVerify, opensslVerifyEd25519 } from '@writ/signing';
import { createBundleVerifier, parseTrustFile } from '@writ/verifier';

import { dishonestCases, honestCases, type GoldenCase } from '../golden/cases.js';
import { history, trustText, V1 } from '../golden/frozen-files.js';
import { optionsOf } from '../golden/judge.js';
import { differences, NOT_READ } from './differences.js';
import { describeReader, dice, SecondReader, type Answer } from './reader.js';

/** Of single-byte changes that are tried, spread over the whole file. */
const CHANGES = process.env['WRIT_LONG_PROPERTIES'] === '1' ? 20_000 : 400;

const trustPath = join(V1, 'trust.txt');
const verifier = createBundleVerifier(parseTrustFile(trustText()), {
  verifySignature: opensslVerify,
  verifyEd25519: opensslVerifyEd25519,
});
const cases = [...honestCases(history()), ...dishonestCases(history())];

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
      expect(differences(report, answer, 'code')).toEqual([]);
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
      expect([at, differences(report, answer, 'status')]).toEqual([at, []]);
      if (report.claims === null) continue;
      // What is left is a cosignature that nobody knows any more, where the other one is enough: one witness less is claimed.
      const { asOf, ...others } = report.claims;
      expect({ ...others, asOf: { ...asOf, cosignedBy: claims?.asOf?.cosignedBy } }).toEqual({ ...claims });
      expect(claims?.asOf?.cosignedBy).toEqual(expect.arrayContaining([...(asOf?.cosignedBy ?? [])]));
      expect(asOf?.cosignedBy).toHaveLength(1);
    }
  }, 300_000);
});
