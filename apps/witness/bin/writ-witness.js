#!/usr/bin/env node
import { existsSync } from 'node:fs';

/** `writ-witness` in a checkout, once it is compiled. */
const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('writ-witness: not compiled; run `npm ci && npm run build`\n');
  process.exitCode = 70;
}
