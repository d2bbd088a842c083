import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { parsePolicy } from '@writ/policy';
import fc from 'fast-check';

import { writ } from './cli/writ.js';

jest.setTimeout(180_000);

const ROOT = resolve(__dirname, '../..');
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'writ-credit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly applications: number;
  readonly newDecisions: number;
  readonly replays: number;
  readonly newEvents: number;
  readonly consistent: boolean;
  readonly outcomes: readonly { readonly outcome: string; readonly count: number }[];
}

async function govern(data: string, out: string): Promise<Told> {
  const args = ['examples/credit/main.mjs', data, '--out', out, '--json'];
  const { stdout } = await run(process.execPath, args, { cwd: ROOT });
  return JSON.parse(stdout) as Told;
}

function receiptsIn(out: string): readonly object[] {
  const lines = readFileSync(join(out, 'receipts.jsonl'), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as object);
}

/** Governs a file twice, and holds both runs to what is promised. */
async function governTwice(data: string, out: string, applications: number): Promise<Told> {
  const first = await govern(data, out);
  expect(first).toMatchObject({ applications, newDecisions: applications, replays: 0, consistent: true });
  expect(first.newEvents).toBe(applications);
  const original = receiptsIn(out);
  const second = await govern(data, out);
  expect(second).toMatchObject({
    applications,
    newDecisions: 0,
    replays: applications,
    newEvents: 0,
    consistent: true,
  });
  expect(second.outcomes).toEqual(first.outcomes);
  const replayed = receiptsIn(out);
  // Compared one by one, so that a difference is told without a thousand receipts around it.
  original.forEach((receipt, at) => expect(replayed[at]).toEqual({ ...receipt, replayed: true }));
  const files = [join(out, 'receipts.jsonl'), '--trust', join(out, 'trust.txt')];
  const verified = (await writ(['verify', ...files, '--json'])).json();
  expect(verified).toMatchObject({ verdict: 'verified', documents: applications, signed: applications, asserted: {} });
  return first;
}

const pick = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const codes = (letter: string, from: number, to: number): fc.Arbitrary<string> =>
  fc.integer({ min: from, max: to }).map((number) => `A${letter}${number}`);

/** One line in the format of the data set, whatever its values. */
const line = fc
  .tuple(
    ...[codes('1', 1, 4), fc.integer({ min: 4, max: 72 }), codes('3', 0, 4), pick('A40', 'A43', 'A410')],
    ...[fc.integer({ min: 250, max: 18_500 }), codes('6', 1, 5), codes('7', 1, 5), fc.integer({ min: 1, max: 4 })],
    ...[codes('9', 1, 4), codes('10', 1, 3), fc.integer({ min: 1, max: 4 }), codes('12', 1, 4)],
    ...[fc.integer({ min: 19, max: 75 }), codes('14', 1, 3), codes('15', 1, 3), fc.integer({ min: 1, max: 4 })],
    ...[codes('17', 1, 4), fc.integer({ min: 1, max: 2 }), codes('19', 1, 2), codes('20', 1, 2), pick('1', '2')],
  )
  .map((columns) => columns.join('\t'));

describe('examples/credit', () => {
  it('decides generated applications once, and replays them', async () => {
    const data = join(folder, 'generated.data');
    writeFileSync(data, `${fc.sample(line, { numRuns: 60, seed: 2041 }).join('\n')}\n`);
    const { outcomes } = await governTwice(data, join(folder, 'generated'), 60);
    expect(outcomes.reduce((sum, { count }) => sum + count, 0)).toBe(60);
  });

  it.each([
    ['a line that is too short', 'A11\t6\tA34\n'],
    ['a code that does not exist', `${fc.sample(line, { numRuns: 1, seed: 1 })[0]!.replace(/^A1./, 'A19')}\n`],
    ['a file that is none', undefined],
  ])('refuses %s', async (_name, text) => {
    const data = join(folder, 'bad.data');
    rmSync(data, { force: true });
    if (text !== undefined) writeFileSync(data, text);
    await expect(govern(data, join(folder, 'bad'))).rejects.toMatchObject({ code: 2 });
    expect(existsSync(join(folder, 'bad', 'ledger.db'))).toBe(false);
  });

  it('lets neither protected attributes nor the outcome decide', () => {
    const text = readFileSync(join(ROOT, 'examples/credit/policy.yaml'), 'utf8');
    const signals = parsePolicy(text, 'yaml').document?.signals.map(({ name }) => name);
    expect(signals).toEqual([
      ...['amount', 'duration_months', 'checking', 'savings', 'history', 'employed', 'instalment_class'],
      ...['debtors', 'other_plans'],
    ]);
  });

  const real = process.env['WRIT_GERMAN_DATA'] ?? join(ROOT, '../shared/data/german-credit/german.data');
  (existsSync(real) ? it : it.skip)('governs the thousand applications of 1994 (needs the data set)', async () => {
    const { outcomes } = await governTwice(real, join(folder, 'real'), 1_000);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['admitted', 'denied', 'escalated']));
  });
});
