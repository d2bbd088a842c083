import { randomInt } from 'node:crypto';

/** `WRIT_SEED=<seed>` runs a suite again as it was told. */
export const seed = Number(process.env['WRIT_SEED'] ?? randomInt(2 ** 31));

export interface Dice {
  /** In [0, 1). */
  roll(): number;
  below(bound: number): number;
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
}

/** Mulberry32: small, and the same everywhere. */
export function diceOf(start: number): Dice {
  let state = start >>> 0;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(roll() * bound);
  return {
    roll,
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    shuffle: (items) => {
      const shuffled = [...items];
      for (let i = shuffled.length - 1; i > 0; i -= 1) {
        const j = below(i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j] as (typeof items)[number], shuffled[i] as (typeof items)[number]];
      }
      return shuffled;
    },
  };
}

/** One line that says what a suite did, and how to do it again. */
export function tell(suite: string, figures: Readonly<Record<string, number | string>>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name}=${value}`);
  process.stderr.write(`[${suite}] seed=${seed} ${text.join(' ')}\n`);
}
