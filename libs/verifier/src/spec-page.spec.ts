import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CHECK_CODES, CHECK_NAMES, PROFILE_CHECKS } from './index.js';

const page = readFileSync(join(__dirname, '../../../docs/spec/bundle.md'), 'utf8');

/** The rows of the table below a heading row. */
function table(heading: string): string[] {
  const from = page.indexOf(heading);
  const lines = from < 0 ? [] : page.slice(from).split('\n').slice(2);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end < 0 ? lines.length : end);
}

describe('docs/spec/bundle.md', () => {
  it('lists every code with its meaning', () => {
    expect(table('| code | meaning |')).toEqual(
      Object.entries(CHECK_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    );
  });

  it('lists every check, in the order of the report', () => {
    const named = table('| check | passes when |').map((row) => /^\| `([a-zA-Z]+)` \|/.exec(row)?.[1]);
    expect(named).toEqual([...CHECK_NAMES]);
  });

  it('lists what every profile asks for', () => {
    expect(table('| profile | asks for |')).toEqual(
      PROFILE_CHECKS.map(([profile, names], at) => {
        const more = names.map((name) => `\`${name}\``).join(', ');
        return `| \`${profile}\` | ${at === 0 ? '' : 'all that, '}${more} |`;
      }),
    );
  });
});
