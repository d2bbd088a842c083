#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `writ` in a checkout. Install scripts are off, so nothing is compiled when `npm ci` returns: the first run does that,
 * once, and says so on standard error.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const main = new URL('../dist/main.js', import.meta.url);

/** @returns {string | undefined} the compiler of this checkout */
function compiler() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  } catch {
    return undefined;
  }
}

/** Runs `tsc -b` and tells which package it is at. @returns {Promise<boolean>} */
function build(tsc) {
  const started = Date.now();
  process.stderr.write('writ: first run in this checkout, compiling it once (npm run build)\n');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [tsc, '-b', '--verbose', join(root, 'tsconfig.json')], { cwd: root });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      for (const [, name] of String(chunk).matchAll(/Building project '.*?((?:libs|apps)\/[^/']+)/g)) {
        process.stderr.write(process.stderr.isTTY ? `\r\u001b[K  ${name}` : `  ${name}\n`);
      }
    });
    child.on('close', (code) => {
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      if (code === 0) process.stderr.write(`writ: compiled in ${Math.round((Date.now() - started) / 1000)} s\n`);
      else process.stderr.write(`${output}\nwrit: compiling failed; \`npm run build\` shows the same\n`);
      resolve(code === 0);
    });
  });
}

async function ensureBuilt() {
  if (existsSync(main)) return true;
  const tsc = compiler();
  if (tsc !== undefined) return build(tsc);
  process.stderr.write('writ: not compiled, and no compiler is installed; run `npm ci && npm run build`\n');
  return false;
}

if (await ensureBuilt()) await import(main.href);
else process.exitCode = 70;
