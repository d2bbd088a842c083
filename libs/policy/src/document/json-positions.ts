import type { DocumentPath } from './finding.js';

/** Where a value stands in a text, and the name before it; offsets in UTF-16 units. */
export interface SourcePlace {
  readonly start: number;
  readonly end: number;
  readonly nameStart?: number;
}

/** The places of a document's values, by path. */
export type SourcePlaces = ReadonlyMap<string, SourcePlace>;

/** The key of a path in `SourcePlaces`. */
export function placeKey(path: DocumentPath): string {
  return JSON.stringify(path);
}

/** The places of all values of a text that is known to be JSON. */
export function jsonPlaces(text: string): SourcePlaces {
  const places = new Map<string, SourcePlace>();
  let offset = 0;
  const skipSpace = (): void => {
    while (' \t\r\n'.includes(text[offset] ?? '-')) offset += 1;
  };
  const skipString = (): string => {
    const start = offset;
    offset += 1;
    while (text[offset] !== '"') offset += text[offset] === '\\' ? 2 : 1;
    offset += 1;
    return JSON.parse(text.slice(start, offset)) as string;
  };
  const walk = (path: DocumentPath, nameStart?: number): void => {
    skipSpace();
    const start = offset;
    const opening = text[offset];
    if (opening === '{' || opening === '[') {
      walkMembers(path, opening === '{');
    } else if (opening === '"') {
      skipString();
    } else {
      while (offset < text.length && !',]} \t\r\n'.includes(text[offset] ?? '')) offset += 1;
    }
    places.set(placeKey(path), { start, end: offset, ...(nameStart !== undefined && { nameStart }) });
  };
  const walkMembers = (path: DocumentPath, named: boolean): void => {
    offset += 1;
    for (let index = 0; ; index += 1) {
      skipSpace();
      if (text[offset] === '}' || text[offset] === ']') break;
      const nameStart = offset;
      const name = named ? skipString() : index;
      skipSpace();
      if (named) offset += 1;
      walk([...path, name], named ? nameStart : undefined);
      skipSpace();
      if (text[offset] === ',') offset += 1;
    }
    offset += 1;
  };
  walk([]);
  return places;
}
