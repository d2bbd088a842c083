/** docs/spec/exit-codes.md, and the table of commands in docs/guides/cli.md, from the command line itself. */
import { readFileSync } from 'node:fs';
import { buildProgram, EXIT_CODES } from '../apps/cli/dist/index.js';

const GUIDE = 'docs/guides/cli.md';
const START = '<!-- commands:start -->';
const END = '<!-- commands:end -->';

const cell = (text) => text.replaceAll('|', '\\|');

function exitCodes() {
  const rows = Object.values(EXIT_CODES).map(({ exitCode, meaning }) => `| ${exitCode} | ${cell(meaning)} |`);
  return [
    '# Exit codes of `writ`',
    '',
    'Generated from `apps/cli/src/exit-code.ts` by `npm run gen`; edit the table there. `writ help exit-codes` prints it.',
    'A number never changes its meaning. Which error has which exit code stands in [errors.md](errors.md).',
    '',
    '| Exit code | Meaning |',
    '| --- | --- |',
    ...rows,
    '',
    'An error is told on standard error as `CODE: message`, followed by what to do. With `--json`, standard output holds one',
    'document in every case: the answer, or `{"error": {code, kind, message, retryable, details, exitCode}}`. `list` and',
    '`show --watch` write JSON Lines instead.',
    '',
  ].join('\n');
}

/** Rows of the commands that can be given, with their parents' names. */
function rowsOf(command, parents) {
  return command.commands.flatMap((child) => {
    const path = [...parents, child.name()];
    if (child.commands.length > 0) return rowsOf(child, path);
    const usage = child.registeredArguments.map((argument) => {
      const name = argument.name() + (argument.variadic ? '…' : '');
      return argument.required ? ` <${name}>` : ` [${name}]`;
    });
    return [`| \`writ ${path.join(' ')}${usage.join('')}\` | ${cell(child.description())} |`];
  });
}

function commands() {
  const program = buildProgram();
  const groups = new Map();
  for (const command of program.commands) {
    const title = command.helpGroup().replace(/:$/, '');
    const single = { commands: [command] };
    groups.set(title, [...(groups.get(title) ?? []), ...rowsOf(single, [])]);
  }
  return [...groups].flatMap(([title, rows]) => [
    `### ${title}`,
    '',
    '| Command | Does |',
    '| --- | --- |',
    ...rows,
    '',
  ]);
}

/** The guide is written by hand around the table. */
function guide() {
  const text = readFileSync(new URL(`../${GUIDE}`, import.meta.url), 'utf8');
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${GUIDE} lacks its markers`);
  return [before + START, '', ...commands(), END + after].join('\n');
}

export async function generate() {
  return [
    { path: 'docs/spec/exit-codes.md', text: exitCodes() },
    { path: GUIDE, text: guide() },
  ];
}
