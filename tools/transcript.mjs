/**
 * Runs `writ demo` and puts what it shows between the markers of README.md. By hand (`npm run transcript`), not among
 * the generated files that are checked: two runs differ in keys, process ids and times. Those are made the same here, so
 * that a new transcript differs only where the story does.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const START = '<!-- transcript:start -->';
const END = '<!-- transcript:end -->';
const INSTANT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g;
/** Where every transcript begins. */
const EPOCH_MS = Date.parse('2026-11-23T09:00:00.000Z');
const KEY_ID = '9f86d081884c7d65';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = `${root}README.md`;

function transcript() {
  const shown = execFileSync(process.execPath, [`${root}apps/cli/bin/writ.js`, 'demo'], { encoding: 'utf8' });
  const [story] = shown.split('Where to look next');
  return story.trim().replaceAll(/[ \t]+$/gm, '');
}

function normalised(text) {
  const earliestMs = Math.min(...[...text.matchAll(INSTANT)].map(([instant]) => Date.parse(instant)));
  const processes = [...new Set([...text.matchAll(/process (\d+)/g)].map(([, id]) => id))];
  return text
    .replaceAll(INSTANT, (instant) => {
      const seconds = Math.round((Date.parse(instant) - earliestMs) / 1_000);
      return new Date(EPOCH_MS + seconds * 1_000).toISOString();
    })
    .replaceAll(/process (\d+)/g, (_, id) => `process ${4_100 + processes.indexOf(id)}`)
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:7420')
    .replaceAll(/\b[0-9a-f]{16}\b/g, KEY_ID)
    .replace(/\s+\d+\.\d s\s*$/, '');
}

const text = readFileSync(readme, 'utf8');
const [before, rest] = text.split(START);
const after = rest?.split(END)[1];
if (after === undefined) throw new Error('README.md lacks its markers');
writeFileSync(
  readme,
  `${before}${START}\n\n\`\`\`text\n$ npx writ demo\n\n${normalised(transcript())}\n\`\`\`\n\n${END}${after}`,
);
console.log('README.md: transcript written');
