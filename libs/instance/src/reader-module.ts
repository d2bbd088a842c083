/**
 * Where a thread finds `openStoreForReading`. Threads load compiled JavaScript only: from `src` (tests) the way leads to
 * `dist`.
 */
export function readerModuleUrl(): string {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? '../dist/open-store-for-reading.js' : './open-store-for-reading.js', here).href;
}
