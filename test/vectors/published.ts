import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Published vectors live beside the repository, not in it; `WRIT_VECTORS` names another place. */
const root = process.env['WRIT_VECTORS'] ?? join(__dirname, '../../../shared/vectors');

/** `describe` where the suite of vectors is there, else a suite that is reported as skipped: skipped is not passed. */
export function describeVectors(folder: string, body: (path: string) => void): void {
  const path = join(root, folder);
  if (existsSync(path)) describe(`published vectors ${folder}`, () => body(path));
  else describe.skip(`published vectors ${folder} (folder missing)`, () => test('every vector', () => undefined));
}

/** All files below `path`, as paths relative to it, sorted. */
export function filesBelow(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

/** A plain Uint8Array: libraries under test never see a Buffer. */
export function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

/** The code of the error that `act` throws, or `undefined` when it returns. */
export function codeOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}
