import { shownLength, type Style } from './style.js';

/** Rows under a head, columns as wide as their widest cell; the last one is not padded. */
export function table(style: Style, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => shownLength(row[at] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) =>
        at === cells.length - 1 ? cell : cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - shownLength(cell))),
      )
      .join('  ')
      .trimEnd();
  return [style.dim(line(head)), ...rows.map(line)].join('\n');
}

/** Names and values, one pair per line, values aligned. */
export function fields(style: Style, pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${value}`).join('\n');
}
