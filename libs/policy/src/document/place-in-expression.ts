import type { SourcePlace } from './json-positions.js';

/**
 * The offset in the text of a character of the string at `place`. Exact where the string stands in the text as it is
 * (plain, or quoted on one line; each escape is stepped over); where it is folded over lines, the start of the string.
 */
export function placeInExpression(text: string, place: SourcePlace, offset: number): number {
  const raw = text.slice(place.start, place.end);
  const quote = raw[0];
  if (quote === '|' || quote === '>') return placeInBlock(raw, place.start, offset);
  if (raw.includes('\n')) return place.start;
  if (quote !== "'" && quote !== '"') return place.start + offset;
  let at = 1;
  for (let seen = 0; seen < offset && at < raw.length; seen += 1) at += escapeLength(raw, at, quote);
  return place.start + at;
}

function escapeLength(raw: string, at: number, quote: string): number {
  if (quote === "'") return raw.startsWith("''", at) ? 2 : 1;
  if (raw[at] !== '\\') return 1;
  const next = raw[at + 1];
  return next === 'u' ? 6 : next === 'x' ? 4 : next === 'U' ? 10 : 2;
}

/** A block scalar: the header line, then lines indented alike; a line break counts as one character. */
function placeInBlock(raw: string, start: number, offset: number): number {
  const lines = raw.split('\n');
  const indent = /^ */.exec(lines.slice(1).find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
  let at = start + (lines[0]?.length ?? 0) + 1;
  let left = offset;
  for (const line of lines.slice(1)) {
    const length = Math.max(0, line.length - indent);
    if (left <= length) return at + indent + left;
    left -= length + 1;
    at += line.length + 1;
  }
  return start;
}
