import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '@writ/cli';
import { ROOT } from './scratch.js';

type Command = Pick<ReturnType<typeof buildProgram>, 'commands' | 'name'>;

const pages = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));

/** The code of a page: blocks of shell, and spans. */
function codeOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh|shell|bash)?\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  const spans = [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...blocks.flatMap((block) => block.split('\n')), ...spans];
}

/** What of `writ a b …` is no command; `undefined` where all is. */
function faultOf(line: string): string | undefined {
  const words = /^(?:\$ )?(?:npx )?writ ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)/.exec(line)?.[1]?.split(' ');
  if (words === undefined) return undefined;
  let command: Command = buildProgram();
  for (const word of words) {
    if (command.commands.length === 0) return undefined;
    const next = command.commands.find((child) => child.name() === word);
    if (next === undefined) return line;
    command = next;
  }
  return undefined;
}

describe('the documents', () => {
  it('name only commands that `writ` has', () => {
    const faults = pages.flatMap((page) =>
      codeOf(readFileSync(join(ROOT, page), 'utf8')).flatMap((line) => {
        const fault = faultOf(line.trim());
        return fault === undefined ? [] : [`${page}: ${fault}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  it('would be found to name others', () => {
    expect(faultOf('npx writ polish')).toBeDefined();
    expect(faultOf('writ policy polish')).toBeDefined();
    expect(faultOf('writ show order-4711')).toBeUndefined();
  });
});
