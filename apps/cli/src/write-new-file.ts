import { writeFileSync } from 'node:fs';
import { UsageError } from './usage-error.js';

/** Writes what a command made into a file that was not there before. @throws UsageError */
export function writeNewFile(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    throw new UsageError(`\`${path}\` cannot be written, or exists`, { cause });
  }
}
