import { RE2JS } from '@bufbuild/re2';
import { POLICY_LIMITS } from '../limits.js';
import type { Meter } from './meter.js';

/** Why a pattern cannot be used, or `undefined` where it can. Compiling is bounded because the size is checked first. */
export function problemOfPattern(pattern: string): string | undefined {
  if (pattern.length > POLICY_LIMITS.patternLength)
    return `a pattern has at most ${POLICY_LIMITS.patternLength} characters`;
  // A Unicode class is a table of hundreds of ranges, copied for every repetition: 150 ms to compile `[\p{L}]{50}`.
  if (/\\[pP]/.test(pattern)) return 'a pattern has no Unicode classes (`\\p`, `\\P`)';
  if (unrolledSize(pattern) > POLICY_LIMITS.patternSize) {
    return `a pattern unrolls to at most ${POLICY_LIMITS.patternSize} places, repetitions multiplied out`;
  }
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch {
    return 'the pattern is not RE2';
  }
}

/**
 * An upper bound for the places that a pattern has once `{n,m}` is multiplied out. Every character counts as a place
 * of its own; a group or class that is repeated counts that often.
 */
export function unrolledSize(pattern: string): number {
  const groups: { total: number; last: number }[] = [{ total: 0, last: 0 }];
  let offset = 0;
  while (offset < pattern.length) {
    const group = groups.at(-1) ?? { total: 0, last: 0 };
    const character = pattern[offset] ?? '';
    const repeat = character === '{' ? /^\{(\d+)(?:,(\d*))?\}/.exec(pattern.slice(offset)) : null;
    if (repeat !== null) {
      const times = Math.max(Number(repeat[1]), Number(repeat[2] || 0), 1) + 1;
      group.total += group.last * (times - 1);
      group.last *= times;
      offset += repeat[0].length;
    } else if (character === '(') {
      groups.push({ total: 1, last: 0 });
      offset += 1;
    } else if (character === ')' && groups.length > 1) {
      groups.pop();
      const outer = groups.at(-1) ?? group;
      outer.total += group.total;
      outer.last = group.total;
      offset += 1;
    } else {
      const length = character === '[' ? classLength(pattern, offset) : character === '\\' ? 2 : 1;
      group.total += 1;
      group.last = 1;
      offset += length;
    }
  }
  // A group that is never closed is no RE2 either; its parts are counted all the same.
  return groups.reduce((sum, group) => sum + group.total, 0);
}

/** Units for one character of text: up to 7 µs to build an automaton state, and 0.12 µs per place (measured). */
export function unitsPerCharacter(pattern: string): number {
  return 24 + Math.ceil(unrolledSize(pattern) * 0.4);
}

/** The patterns of one policy, compiled once. */
export class PatternCache {
  readonly #patterns = new Map<string, { readonly regexp: RE2JS; readonly units: number; tested: number }>();

  /** Compiles a pattern that `problemOfPattern` has let pass. */
  add(pattern: string): void {
    if (this.#patterns.has(pattern)) return;
    this.#patterns.set(pattern, { regexp: RE2JS.compile(pattern), units: unitsPerCharacter(pattern), tested: 0 });
  }

  /** `true` when the pattern is found in the text. Throws where the budget does not pay for it. */
  test(pattern: string, text: string, meter: Meter): boolean {
    const known = this.#patterns.get(pattern);
    if (known === undefined) throw new Error('conversion: the pattern is not a literal of the policy');
    meter.charge((text.length + 1) * known.units);
    known.tested += text.length;
    // The automaton keeps the states that it has met; hostile texts would make it grow without end.
    if (known.tested > POLICY_LIMITS.stringLength) {
      known.regexp.reset();
      known.tested = text.length;
    }
    return known.regexp.test(text);
  }
}

/** Characters of the class that opens at `start`, brackets included. */
function classLength(pattern: string, start: number): number {
  let offset = start + 1;
  if (pattern[offset] === '^') offset += 1;
  if (pattern[offset] === ']') offset += 1;
  while (offset < pattern.length && pattern[offset] !== ']') {
    const posix = pattern.startsWith('[:', offset) ? pattern.indexOf(':]', offset) : -1;
    if (posix > 0) offset = posix + 2;
    else offset += pattern[offset] === '\\' ? 2 : 1;
  }
  return offset + 1 - start;
}
