import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BUNDLE_LIMITS, bundleJsonSchema } from './index.js';

const SPEC = join(__dirname, '../../../docs/spec');

describe('docs/spec/bundle.schema.json', () => {
  const file = join(SPEC, 'bundle.schema.json');
  const text = `${JSON.stringify(bundleJsonSchema(), null, 2)}\n`;

  it('is what the schema of the reader gives (WRIT_WRITE_GENERATED=1 writes it)', () => {
    if (process.env['WRIT_WRITE_GENERATED'] === '1') writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe('docs/spec/bundle.md', () => {
  it('lists every limit with its value', () => {
    const page = readFileSync(join(SPEC, 'bundle.md'), 'utf8');
    for (const [name, value] of Object.entries(BUNDLE_LIMITS)) {
      expect(page).toContain(`| \`${name}\` | ${value.toLocaleString('en-US')} |`);
    }
  });
});
