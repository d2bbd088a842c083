/**
 * Writes every generated file, or with `--check` fails when one of them differs from what would be written.
 * A generator is a sibling `gen-<name>.mjs` that exports `generate(): Promise<{ path, text }[]>` (paths relative to
 * the repository root); it may import built code (`npm run gen` builds first) and writes nothing itself.
 */
import { readFileSync, readdirSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');

/** Formatted as `npm run format` would have it, so that the two checks never fight. */
async function formatted(path, text) {
  const options = { ignorePath: join(root, '.prettierignore'), withNodeModules: false };
  const { ignored, inferredParser } = await prettier.getFileInfo(join(root, path), options);
  if (ignored || inferredParser === null) return text;
  return prettier.format(text, { ...(await prettier.resolveConfig(join(root, path))), parser: inferredParser });
}

function current(path) {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

let stale = 0;
const generators = readdirSync(join(root, 'tools'))
  .filter((name) => /^gen-.+\.mjs$/.test(name))
  .sort();
for (const name of generators) {
  const { generate } = await import(new URL(name, import.meta.url).href);
  for (const { path, text } of await generate()) {
    const wanted = await formatted(path, text);
    if (current(path) === wanted) continue;
    if (check) {
      console.error(`${path}: not what tools/${name} generates; run \`npm run gen\``);
      stale += 1;
    } else {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), wanted);
      console.log(`${path}: written`);
    }
  }
}
process.exitCode = stale === 0 ? 0 : 1;
