import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as verifier from '@writ/verifier';
import { parseTrustFile, verifyBundle, verifyTlogProof } from '@writ/verifier';
import { opensslVerify, opensslVerifyEd25519 } from '@writ/signing';

import { dishonestCases, honestCases, type GoldenCase } from '../golden/cases.js';
import { history, trustText, V1 } from '../golden/frozen-files.js';
import { optionsOf } from '../golden/judge.js';
import { describeInChromium, UnpluggedPage } from './chromium.js';

/** What the page needs of the module; it has it as `globalThis.writ`. */
type Verifier = typeof verifier;

const trust = parseTrustFile(trustText());
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Node's report, by noble: the same code that the page runs. */
const reportInNode = (golden: GoldenCase): string =>
  JSON.stringify(verifyBundle(golden.bundle, trust, optionsOf(golden)));

/** Node's report, by OpenSSL: what servers and auditors run for speed. */
const reportByOpenssl = (golden: GoldenCase): string => {
  const plugged = { verifySignature: opensslVerify, verifyEd25519: opensslVerifyEd25519 };
  return JSON.stringify(verifyBundle(golden.bundle, trust, { ...optionsOf(golden), ...plugged }));
};

describeInChromium('the verifier in a browser without a network', () => {
  let chromium: UnpluggedPage;
  beforeAll(async () => {
    chromium = await UnpluggedPage.open();
  }, 60_000);
  afterAll(() => chromium?.close());

  test('there is no network', async () => {
    const answer = await chromium.page.evaluate(() =>
      fetch('/').then(String, (error: unknown) => `cut: ${String(error)}`),
    );
    expect(answer).toMatch(/^cut: /);
    expect(await chromium.page.evaluate('navigator.onLine')).toBe(false);
    chromium.requests.length = 0;
    chromium.complaints.length = 0;
  });

  test('the module names nothing that could reach one', () => {
    const names = /\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|node:[a-z]+)\b|\bimport\s*\(/;
    const found = chromium
      .source()
      .split('\n')
      .filter((line) => names.test(line.replace(/\/\/.*|^\s*\*.*/, '')));
    expect(found).toEqual([]);
  });

  const cases = [...honestCases(history()), ...dishonestCases(history())];
  test.each(cases.map((golden) => [golden.name, golden] as const))(
    '%s: the report is that of Node',
    async (_, golden) => {
      const report = await chromium.page.evaluate(
        ({ bundle, trust: text, entries, notBeforeMs }) => {
          const { writ } = globalThis as unknown as { writ: Verifier };
          const bytesOf = (encoded: string): Uint8Array =>
            Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
          const options = {
            ...(entries === null ? {} : { mirror: writ.mirrorOf(entries.map(bytesOf), BigInt(entries.length)) }),
            ...(notBeforeMs === null ? {} : { age: { nowMs: notBeforeMs, maxAgeMs: 0 } }),
          };
          return JSON.stringify(writ.verifyBundle(bytesOf(bundle), writ.parseTrustFile(text), options));
        },
        {
          bundle: base64(golden.bundle),
          trust: trustText(),
          entries: golden.entries?.map(base64) ?? null,
          notBeforeMs: golden.notBeforeMs ?? null,
        },
      );
      expect(report).toBe(reportInNode(golden));
      expect(report).toBe(reportByOpenssl(golden));
    },
  );

  test('a single proof, too', async () => {
    const text = readFileSync(join(V1, 'proofs/commit.tlog-proof'), 'utf8');
    const entry = readFileSync(join(V1, 'proofs/commit.entry'));
    const report = await chromium.page.evaluate(
      ([proof, encoded, trustFile]) => {
        const { writ } = globalThis as unknown as { writ: Verifier };
        const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
        return JSON.stringify(writ.verifyTlogProof(proof, bytes, writ.parseTrustFile(trustFile)));
      },
      [text, base64(entry), trustText()] as const,
    );
    expect(JSON.parse(report)).toMatchObject({ verdict: 'included', accepted: true });
    expect(report).toBe(JSON.stringify(verifyTlogProof(text, new Uint8Array(entry), trust)));
  });

  test('nothing was asked of anybody, and nothing was complained about', () => {
    expect(chromium.requests).toEqual([]);
    expect(chromium.complaints).toEqual([]);
  });
});
