/**
 * Builds `libs/verifier` and all that it imports into one module for browsers: `verifier.js` in the folder that is named,
 * or in `dist/verifier`. Needs `npm run build` before. Prints the size.
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'dist/verifier'));

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  build: {
    outDir: folder,
    emptyOutDir: true,
    target: 'es2022',
    // What an auditor loads should be readable too.
    minify: false,
    lib: { entry: join(root, 'libs/verifier/dist/index.js'), formats: ['es'], fileName: () => 'verifier.js' },
  },
});
console.log(`${join(folder, 'verifier.js')}: ${statSync(join(folder, 'verifier.js')).size} bytes`);
