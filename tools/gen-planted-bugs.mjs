/** docs/guides/planted-bugs.md from tools/planted-bugs.json. */
import { readFileSync } from 'node:fs';

export async function generate() {
  const bugs = JSON.parse(readFileSync(new URL('planted-bugs.json', import.meta.url), 'utf8'));
  // A bug that cannot be planted any more would only be noticed by the suite that plants them, minutes later.
  for (const { name, file, find } of bugs) {
    const times = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').split(find).length - 1;
    if (times !== 1) throw new Error(`planted bug "${name}": its text is ${times} times in ${file}, not once`);
  }
  const cell = (text) => text.replaceAll('|', '\\|');
  const rows = bugs.map(
    ({ name, file, spec, test }) =>
      `| ${cell(name)} | \`${file}\` | \`${spec}\` | ${cell(test.replaceAll('\\', '\\\\'))} |`,
  );
  const text = [
    '# Planted bugs',
    '',
    'Generated from `tools/planted-bugs.json` by `npm run gen`; edit the list there.',
    '',
    '`npm run test:mutants` plants each of these bugs in a copy of the tree, one at a time, and runs the test named',
    'beside it. It is green only if that test is green without the bug and red with it. Who changes a suite runs it;',
    'who finds a bug that no suite saw adds it here, with the test that sees it now.',
    '',
    '| Bug | Planted in | Caught by | Test |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
  return [{ path: 'docs/guides/planted-bugs.md', text }];
}
