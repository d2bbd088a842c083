import type { Output, World } from '../world.js';

type Paint = (text: string) => string;

/** How text is set off on a terminal; each leaves its text as it is where colour is not wanted. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly wait: Paint;
  readonly accent: Paint;
}

const paint =
  (on: number, off: number): Paint =>
  (text) =>
    text === '' ? text : `\u001b[${on}m${text}\u001b[${off}m`;

const COLOUR: Style = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  good: paint(32, 39),
  bad: paint(31, 39),
  wait: paint(33, 39),
  accent: paint(36, 39),
};
const asItIs: Paint = (text) => text;
const PLAIN: Style = { bold: asItIs, dim: asItIs, good: asItIs, bad: asItIs, wait: asItIs, accent: asItIs };

/** Colour on a terminal only, and never where `NO_COLOR` is set (no-color.org) or the terminal is dumb. */
export function styleOf(world: Pick<World, 'env'>, output: Output): Style {
  const { NO_COLOR: noColour, TERM: terminal } = world.env;
  const wanted = output.isTerminal && (noColour === undefined || noColour === '') && terminal !== 'dumb';
  return wanted ? COLOUR : PLAIN;
}

/**
 * Text of others, safe to show: control characters could move the cursor, recolour or rename the terminal, and
 * bidirectional overrides could make a line read as another.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Length as shown: without the escape sequences that `Style` adds. */
export function shownLength(text: string): number {
  return Array.from(text.replaceAll(/\u001b\[[0-9]+m/g, '')).length;
}
