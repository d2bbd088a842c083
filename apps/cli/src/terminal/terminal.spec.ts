import { progressOn } from './progress.js';
import { printable, shownLength, styleOf } from './style.js';
import { fields, table } from './table.js';

const plain = styleOf({ env: {} }, output(false).output);

function output(isTerminal: boolean) {
  const written: string[] = [];
  return { written, output: { write: (text: string) => void written.push(text), isTerminal, columns: 80 } };
}

describe('style', () => {
  it.each([
    ['on a terminal', true, {}, true],
    ['elsewhere', false, {}, false],
    ['with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['on a dumb terminal', true, { TERM: 'dumb' }, false],
  ])('colours %s: %s', (_name, isTerminal, env, coloured) => {
    const style = styleOf({ env }, output(isTerminal).output);
    expect(style.good('x') !== 'x').toBe(coloured);
  });

  it('shows control characters of others as their code', () => {
    expect(printable('a\u001b[31m\u0007\u202eb\nc')).toBe('a\\u001b[31m\\u0007\\u202eb\nc');
    expect(printable('größe 金 ✓')).toBe('größe 金 ✓');
  });
});

describe('tables', () => {
  it('align columns by what is shown', () => {
    const style = styleOf({ env: {} }, output(true).output);
    const lines = table(
      style,
      ['a', 'b'],
      [
        [style.good('xx'), '1'],
        ['yyyy', '2'],
      ],
    ).split('\n');
    expect(lines.map(shownLength)).toEqual([7, 7, 7]);
    expect(
      fields(plain, [
        ['a', '1'],
        ['long', '2'],
      ]),
    ).toBe('a     1\nlong  2');
  });
});

describe('progress', () => {
  it('is a line each 10 % where nobody watches', () => {
    const { written, output: log } = output(false);
    const progress = progressOn(log, 'work', 50, () => 0);
    for (let done = 1; done <= 50; done += 1) progress.to(done);
    progress.end();
    expect(written).toHaveLength(10);
    expect(written.at(-1)).toBe('work: 100 % (50/50)\n');
  });

  it('counts in ten thousands where the end is not known', () => {
    const { written, output: log } = output(false);
    const progress = progressOn(log, 'work', 0, () => 0);
    for (let done = 1_000; done <= 25_000; done += 1_000) progress.to(done);
    expect(written).toEqual(['work: 10000\n', 'work: 20000\n']);
  });

  it('is one line that is drawn again on a terminal, not more often than can be seen', () => {
    let nowMs = 0;
    const { written, output: screen } = output(true);
    const progress = progressOn(screen, 'work', 100, () => nowMs);
    for (let done = 1; done <= 100; done += 1) {
      nowMs += 10;
      progress.to(done);
    }
    progress.end();
    expect(written.length).toBeLessThan(20);
    expect(written.slice(0, -1).every((text) => text.startsWith('\r'))).toBe(true);
    expect(written.join('')).toContain('100/100\n');
  });
});
