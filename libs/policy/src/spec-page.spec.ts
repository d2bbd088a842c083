import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINDING_CODES, POLICY_LIMITS, REASON_CODES, policyJsonSchema } from './index.js';

const SPEC = join(__dirname, '../../../docs/spec');
const page = readFileSync(join(SPEC, 'policy.md'), 'utf8');

/** The rows of the table below a heading row. */
function table(heading: string): string[] {
  const from = page.indexOf(heading);
  const lines = from < 0 ? [] : page.slice(from).split('\n').slice(2);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end < 0 ? lines.length : end);
}

describe('docs/spec/policy.md', () => {
  it('lists every reason code with its meaning', () => {
    expect(table('| reason | when |')).toEqual(
      Object.entries(REASON_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    );
  });

  it('lists every finding code with its severity and meaning', () => {
    expect(table('| code | severity | when |')).toEqual(
      Object.entries(FINDING_CODES).map(
        ([code, { severity, meaning }]) => `| \`${code}\` | ${severity} | ${meaning} |`,
      ),
    );
  });

  it('lists every limit with its value', () => {
    expect(table('| limit | value |')).toEqual(
      Object.entries(POLICY_LIMITS).map(([name, value]) => `| \`${name}\` | ${value.toLocaleString('en-US')} |`),
    );
  });
});

describe('docs/spec/policy.schema.json', () => {
  const file = join(SPEC, 'policy.schema.json');
  const text = `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;

  it('is what the document schema gives (WRIT_WRITE_GENERATED=1 writes it)', () => {
    if (process.env['WRIT_WRITE_GENERATED'] === '1') writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});
