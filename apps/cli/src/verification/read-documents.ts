import type { JsonValue } from '@writ/encoding';
import { readJson } from '../input/read-input.js';

export interface SourcedDocument {
  /** File, and line where the file is JSON Lines. */
  readonly place: string;
  readonly value: JsonValue;
}

/** One JSON document, or JSON Lines: the first line tells which. `file` names the text. @throws UsageError */
export function documentsIn(text: string, file: string): readonly SourcedDocument[] {
  const lines = text.split('\n').map((line, at) => ({ line: line.trim(), place: `${file}:${at + 1}` }));
  const filled = lines.filter(({ line }) => line !== '');
  const [first] = filled;
  if (filled.length < 2 || first === undefined || !isWhole(first.line)) {
    return [{ place: file, value: readJson(text, file) }];
  }
  return filled.map(({ line, place }) => ({ place, value: readJson(line, place) }));
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
