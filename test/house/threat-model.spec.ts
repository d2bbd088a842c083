import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './scratch.js';

interface Row {
  readonly attack: string;
  readonly tests: readonly string[];
  readonly state: string;
}

/** The last cell is the state, the one before it the tests. */
function rowsOf(page: string): readonly Row[] {
  return [...page.matchAll(/^\| ([LMSV]\d+) \|(.+)\|$/gm)].map(([, attack = '', rest = '']) => {
    const cells = rest.split('|').map((cell) => cell.trim());
    const tests = [...(cells.at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    return { attack, tests, state: cells.at(-1) ?? '' };
  });
}

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${letter}${String(at + 1)}`);

describe('docs/threat-model.md', () => {
  const rows = rowsOf(readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8'));

  it('has one row for every attack', () => {
    const all = [...numbered('L', 9), ...numbered('M', 10), ...numbered('S', 10), ...numbered('V', 18)];
    expect(rows.map(({ attack }) => attack)).toEqual(all);
  });

  it('names tests that exist', () => {
    const missing = rows.flatMap(({ attack, tests }) =>
      tests.filter((path) => !/\.spec\.ts$/.test(path) || !existsSync(join(ROOT, path))).map((path) => [attack, path]),
    );
    expect(missing).toEqual([]);
  });

  it('says met, or what is open; nothing is met without a test', () => {
    const unclear = rows.filter(({ state, tests }) =>
      state.startsWith('met') ? tests.length === 0 : !/^open: .+/.test(state),
    );
    expect(unclear).toEqual([]);
  });
});
