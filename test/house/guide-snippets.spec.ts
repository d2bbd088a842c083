import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const GUIDES = join(ROOT, 'docs/guides');

interface Snippet {
  readonly guide: string;
  readonly file: string;
  readonly name: string;
  readonly code: string;
}

/** `<!-- snippet: path#name -->` and the fenced code below it. */
function snippetsOf(guide: string): Snippet[] {
  const text = readFileSync(join(ROOT, guide), 'utf8');
  return [...text.matchAll(/<!-- snippet: (\S+)#(\S+) -->\n```\w+\n([\s\S]*?)```/g)].map(([, file, name, code]) => ({
    guide,
    file: file!,
    name: name!,
    code: code!,
  }));
}

/** What stands in a tested file between `// <name>` and `// </name>`, moved to the left margin. */
function regionOf({ file, name }: Snippet): string {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  const begin = lines.findIndex((line) => line.trim() === `// <${name}>`);
  const end = lines.findIndex((line) => line.trim() === `// </${name}>`);
  if (begin < 0 || end < begin) throw new Error(`${file} has no region ${name}`);
  const margin = lines[begin]!.length - lines[begin]!.trimStart().length;
  return lines
    .slice(begin + 1, end)
    .map((line) => `${line.slice(margin)}\n`)
    .join('');
}

const guides = readdirSync(GUIDES).filter((name) => name.endsWith('.md'));
const snippets = ['README.md', ...guides.map((name) => `docs/guides/${name}`)].flatMap(snippetsOf);

describe('code in the guides', () => {
  it.each(snippets.map((snippet) => [snippet.guide, snippet.name, snippet] as const))(
    '%s: `%s` is what the tests run',
    (_guide, _name, snippet) => {
      expect(snippet.code).toBe(regionOf(snippet));
    },
  );

  it('of the client is all tested', () => {
    const text = readFileSync(join(GUIDES, 'client.md'), 'utf8');
    const code = text.match(/^```(?:ts|js)$/gm) ?? [];
    expect(code.length).toBeGreaterThan(5);
    expect(snippets.filter(({ guide }) => guide === 'docs/guides/client.md')).toHaveLength(code.length);
  });
});
