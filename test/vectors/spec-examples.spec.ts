import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { lineageExamples } from './lineage-examples.js';
import { specExamples } from './spec-examples.js';

const pages = ['events.md', 'entry.md', 'attestation.md', 'grant.md', 'checkpoint.md', 'proof.md'];
const pathOf = (page: string): string => join(__dirname, '../../docs/spec', page);
const MARKED = /<!-- example:([a-z-]+) -->\n\n?```text\n([\s\S]*?)\n```/g;

/** `WRIT_WRITE_EXAMPLES=1` puts the computed examples into the pages instead of comparing them. */
const writes = process.env['WRIT_WRITE_EXAMPLES'] === '1';

describe('the worked examples of docs/spec', () => {
  let examples: ReadonlyMap<string, string>;
  beforeAll(async () => {
    examples = new Map([...specExamples(), ...(await lineageExamples())]);
  });

  it.each(pages)('%s holds what the code computes', (page) => {
    const text = readFileSync(pathOf(page), 'utf8');
    const computed = text.replace(MARKED, (_, name: string) => {
      return `<!-- example:${name} -->\n\n\`\`\`text\n${examples.get(name) ?? 'no such example'}\n\`\`\``;
    });
    if (writes) writeFileSync(pathOf(page), computed);
    else expect(text).toBe(computed);
  });

  it('each have their place', () => {
    const named = pages.flatMap((page) =>
      [...readFileSync(pathOf(page), 'utf8').matchAll(MARKED)].map((match) => match[1]),
    );
    expect(named.sort()).toEqual([...examples.keys()].sort());
  });
});
