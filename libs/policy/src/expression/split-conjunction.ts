import type { ExpressionNode } from './syntax-tree.js';

/** A stretch of an expression's text. */
export interface TextSpan {
  readonly text: string;
  readonly offset: number;
}

/**
 * The operands of a condition's outermost `&&`, as text, so that an answer can name the one that failed. Evaluating
 * them one by one means the same: `&&` is false if any operand is false, else an error if any operand errs.
 * A condition that is no conjunction is its own only operand.
 */
export function splitConjunction(text: string, root: ExpressionNode): TextSpan[] {
  if (root.exprKind.case !== 'callExpr' || root.exprKind.value.function !== '_&&_')
    return [trimmed(text, 0, text.length)];
  const spans: TextSpan[] = [];
  let start = 0;
  for (const cut of conjunctionSigns(text)) {
    spans.push(trimmed(text, start, cut));
    start = cut + 2;
  }
  spans.push(trimmed(text, start, text.length));
  return spans;
}

/** Offsets of the `&&` that stand outside brackets, strings and comments. */
function conjunctionSigns(text: string): number[] {
  const signs: number[] = [];
  let depth = 0;
  for (let offset = 0; offset < text.length;) {
    const character = text[offset] ?? '';
    if (character === '"' || character === "'") {
      offset = endOfString(text, offset);
      continue;
    }
    if (text.startsWith('//', offset)) {
      const lineEnd = text.indexOf('\n', offset);
      offset = lineEnd < 0 ? text.length : lineEnd;
      continue;
    }
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (depth === 0 && text.startsWith('&&', offset)) {
      signs.push(offset);
      offset += 2;
      continue;
    }
    offset += 1;
  }
  return signs;
}

/** The offset after the string literal that opens at `start`. */
function endOfString(text: string, start: number): number {
  const sign = text[start] ?? '"';
  const quote = text.startsWith(sign.repeat(3), start) ? sign.repeat(3) : sign;
  const raw = isRawPrefix(text, start);
  let offset = start + quote.length;
  while (offset < text.length && !text.startsWith(quote, offset)) offset += !raw && text[offset] === '\\' ? 2 : 1;
  return offset + quote.length;
}

/** `true` when the letters that touch the quote are a string prefix with `r` in it. */
function isRawPrefix(text: string, quoteOffset: number): boolean {
  return /(?:^|[^A-Za-z0-9_])(?:r|rb|br)$/i.test(text.slice(Math.max(0, quoteOffset - 3), quoteOffset));
}

function trimmed(text: string, start: number, end: number): TextSpan {
  const raw = text.slice(start, end);
  const lead = raw.length - raw.trimStart().length;
  return { text: raw.trim(), offset: start + lead };
}
