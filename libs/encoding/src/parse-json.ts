import { RejectedError } from '@writ/errors';

import { excerpt } from './excerpt.js';
import { depthLimit, invalidCodeUnitAt, isForbiddenName, isUnsafeInteger, type JsonValue } from './json-value.js';
import { textOf, utf8Length, wellFormedPrefix } from './utf8.js';

export interface ParseOptions {
  /** Cap on the UTF-8 length of the text; 1 MiB when absent. */
  readonly maxBytes?: number;
  /** Cap on nesting, 0 to 128; 32 when absent. */
  readonly maxDepth?: number;
}

export const DEFAULT_MAX_BYTES = 1_048_576;

type JsonErrorCode =
  | 'JSON_SYNTAX'
  | 'JSON_DUPLICATE_NAME'
  | 'JSON_NUMBER_RANGE'
  | 'JSON_STRING_INVALID'
  | 'JSON_NAME_FORBIDDEN'
  | 'JSON_DEPTH';

/**
 * Reads one I-JSON text (RFC 8259 narrowed by RFC 7493; `docs/spec/json.md` lists every difference) in linear time.
 * Throws RejectedError JSON_*; the details hold `offset` (UTF-16 code units, 0-based), `line` and `column` (1-based).
 * The platform's `JSON.parse` is not used: it hides duplicate names and rounds or overflows numbers.
 */
export function parseJson(text: string | Uint8Array, options: ParseOptions = {}): JsonValue {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const maxDepth = depthLimit(options.maxDepth);
  if (typeof text === 'string') {
    // A code unit takes at most three bytes: most texts need no exact count.
    if (text.length > maxBytes || (text.length * 3 > maxBytes && utf8Length(text) > maxBytes)) tooLong(maxBytes);
    return new JsonReader(text, maxDepth).readText();
  }
  if (!(text instanceof Uint8Array)) {
    throw new RejectedError('REQUEST_INVALID', 'JSON text must be a string or a Uint8Array');
  }
  if (text.length > maxBytes) tooLong(maxBytes);
  return new JsonReader(decode(text), maxDepth).readText();
}

function tooLong(maxBytes: number): never {
  throw new RejectedError('JSON_SIZE', `the text is longer than ${String(maxBytes)} bytes`, { maxBytes });
}

function decode(bytes: Uint8Array): string {
  try {
    return textOf(bytes);
  } catch {
    const prefix = wellFormedPrefix(bytes);
    return fail('JSON_STRING_INVALID', 'the bytes are not UTF-8', prefix, prefix.length);
  }
}

function fail(code: JsonErrorCode, message: string, text: string, offset: number, name?: string): never {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  const details = { offset, line, column: offset - lineStart + 1 };
  throw new RejectedError(
    code,
    `${message} at line ${String(line)}, column ${String(details.column)}`,
    name === undefined ? details : { ...details, name: excerpt(name) },
  );
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** Recursive descent over one text; recursion is bounded by `maxDepth`. */
class JsonReader {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  /** JSON-text = ws value ws (RFC 8259 section 2), and nothing after it. */
  readText(): JsonValue {
    this.skipSpace();
    const value = this.readValue(0);
    this.skipSpace();
    if (this.at < this.text.length) this.fail('JSON_SYNTAX', 'unexpected text after the value');
    return value;
  }

  private readValue(depth: number): JsonValue {
    switch (this.text.charCodeAt(this.at)) {
      case QUOTE:
        return this.readString();
      case OPEN_OBJECT:
        return this.readObject(depth + 1);
      case OPEN_ARRAY:
        return this.readArray(depth + 1);
      case 0x74:
        return this.readWord('true', true);
      case 0x66:
        return this.readWord('false', false);
      case 0x6e:
        return this.readWord('null', null);
      default:
        return this.readNumber();
    }
  }

  private readObject(depth: number): JsonValue {
    this.enter(depth);
    const members = Object.create(null) as Record<string, JsonValue>;
    if (this.skipIf(CLOSE_OBJECT)) return members;
    for (;;) {
      const nameAt = this.at;
      if (this.text.charCodeAt(nameAt) !== QUOTE) this.fail('JSON_SYNTAX', 'expected a name in double quotes');
      const name = this.readString();
      if (isForbiddenName(name)) this.fail('JSON_NAME_FORBIDDEN', `the name \`${name}\` is refused`, nameAt, name);
      if (name in members) this.fail('JSON_DUPLICATE_NAME', 'an object holds the same name twice', nameAt, name);
      this.skipSpace();
      if (this.text.charCodeAt(this.at) !== COLON) this.fail('JSON_SYNTAX', 'expected `:`');
      this.at += 1;
      this.skipSpace();
      members[name] = this.readValue(depth);
      if (!this.readSeparator(CLOSE_OBJECT, '`,` or `}`')) return members;
    }
  }

  private readArray(depth: number): JsonValue {
    this.enter(depth);
    const items: JsonValue[] = [];
    if (this.skipIf(CLOSE_ARRAY)) return items;
    for (;;) {
      items.push(this.readValue(depth));
      if (!this.readSeparator(CLOSE_ARRAY, '`,` or `]`')) return items;
    }
  }

  /** Steps over the opening bracket, if that is not too deep. */
  private enter(depth: number): void {
    if (depth > this.maxDepth) this.fail('JSON_DEPTH', `nested deeper than ${String(this.maxDepth)}`);
    this.at += 1;
    this.skipSpace();
  }

  private skipIf(unit: number): boolean {
    if (this.text.charCodeAt(this.at) !== unit) return false;
    this.at += 1;
    return true;
  }

  /** `true` when another member follows, `false` when the container is closed. */
  private readSeparator(close: number, wanted: string): boolean {
    this.skipSpace();
    if (this.skipIf(close)) return false;
    if (!this.skipIf(COMMA)) this.fail('JSON_SYNTAX', `expected ${wanted}`);
    this.skipSpace();
    return true;
  }

  private readWord<T extends JsonValue>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail('JSON_SYNTAX', `expected \`${word}\``);
    this.at += word.length;
    return value;
  }

  private readString(): string {
    const openedAt = this.at;
    let runStart = openedAt + 1;
    let value = '';
    let plain = true;
    let at = runStart;
    for (;;) {
      const unit = this.text.charCodeAt(at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) {
        value += this.text.slice(runStart, at);
        this.at = at;
        value += this.readEscape();
        at = runStart = this.at;
        plain = false;
      } else if (unit >= 0x20) {
        if (unit >= 0xd800) plain = false;
        at += 1;
      } else {
        // Also the end of the text, where the code unit is NaN.
        const message = at < this.text.length ? 'a control character must be escaped' : 'the string is not closed';
        this.fail('JSON_SYNTAX', message, at);
      }
    }
    this.at = at + 1;
    value = value === '' ? this.text.slice(runStart, at) : value + this.text.slice(runStart, at);
    // Checked after unescaping: halves of a pair may be spelled either way.
    if (!plain && invalidCodeUnitAt(value) !== -1) {
      this.fail('JSON_STRING_INVALID', 'the string holds a lone surrogate or a noncharacter', openedAt);
    }
    return value;
  }

  /** RFC 8259 section 7; leaves `at` behind the escape. */
  private readEscape(): string {
    const letter = this.text.charAt(this.at + 1);
    if (letter === 'u') {
      const hex = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9A-Fa-f]{4}$/.test(hex)) this.fail('JSON_SYNTAX', 'expected four hex digits after `\\u`');
      this.at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const escaped = ESCAPES.get(letter);
    if (escaped === undefined) this.fail('JSON_SYNTAX', 'no such escape');
    this.at += 2;
    return escaped;
  }

  /** number = [ "-" ] int [ frac ] [ exp ] (RFC 8259 section 6), in the range of RFC 7493 section 2.2. */
  private readNumber(): number {
    const start = this.at;
    if (this.text.charCodeAt(this.at) === 0x2d) this.at += 1;
    const firstDigit = this.text.charCodeAt(this.at);
    if (this.skipDigits() === 0) this.fail('JSON_SYNTAX', 'expected a value', start);
    if (firstDigit === 0x30 && this.isDigit(start + (this.text.charCodeAt(start) === 0x2d ? 2 : 1))) {
      this.fail('JSON_SYNTAX', 'a number has no leading zero', start);
    }
    if (this.text.charCodeAt(this.at) === 0x2e) {
      this.at += 1;
      if (this.skipDigits() === 0) this.fail('JSON_SYNTAX', 'expected a digit after `.`');
    }
    const mantissaEnd = this.at;
    if ((this.text.charCodeAt(this.at) | 0x20) === 0x65) {
      this.at += 1;
      const sign = this.text.charCodeAt(this.at);
      if (sign === 0x2b || sign === 0x2d) this.at += 1;
      if (this.skipDigits() === 0) this.fail('JSON_SYNTAX', 'expected a digit in the exponent');
    }
    return this.numberOf(start, mantissaEnd);
  }

  private numberOf(start: number, mantissaEnd: number): number {
    const value = Number(this.text.slice(start, this.at));
    if (value === 0) {
      if (/[1-9]/.test(this.text.slice(start, mantissaEnd))) {
        this.fail('JSON_NUMBER_RANGE', 'the number is too small to be told from zero', start);
      }
      return 0; // minus zero has no canonical form of its own (RFC 8785 section 3.2.2.3)
    }
    if (!Number.isFinite(value)) this.fail('JSON_NUMBER_RANGE', 'the number is too large for a double', start);
    if (isUnsafeInteger(value)) {
      this.fail('JSON_NUMBER_RANGE', 'an integer beyond 2^53 - 1 must be a decimal string', start);
    }
    // An integer of 22 digits and more would be read from a long literal, and written back with an exponent.
    if (Math.abs(value) >= 1e21 && /^-?[0-9]+$/.test(this.text.slice(start, this.at))) {
      this.fail('JSON_NUMBER_RANGE', 'an integer beyond 2^53 - 1 must be a decimal string', start);
    }
    return value;
  }

  private skipDigits(): number {
    const start = this.at;
    while (this.isDigit(this.at)) this.at += 1;
    return this.at - start;
  }

  private isDigit(at: number): boolean {
    const unit = this.text.charCodeAt(at);
    return unit >= 0x30 && unit <= 0x39;
  }

  /** ws = space, tab, line feed, carriage return; nothing else (RFC 8259 section 2). */
  private skipSpace(): void {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.at += 1;
    }
  }

  private fail(code: JsonErrorCode, message: string, offset = this.at, name?: string): never {
    return fail(code, message, this.text, offset, name);
  }
}
