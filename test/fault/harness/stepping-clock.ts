import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

export const hasFaketime = spawnSync('faketime', ['-f', '+0', 'true']).status === 0;

/** The wall clock of one process, set by whoever holds this; its monotonic clock goes on as it is. */
export interface SteppingClock {
  readonly env: Readonly<Record<string, string>>;
  /** Against the real time, from now on. */
  setOffsetMs(offsetMs: number): void;
}

/** @param file where the offset is kept, read at each look at the clock */
export function steppingClock(file: string): SteppingClock {
  const told = execFileSync('faketime', ['-f', '+0', 'env']).toString();
  const library = /^LD_PRELOAD=(.+)$/m.exec(told)?.[1];
  if (library === undefined) throw new Error('faketime does not say where its library is');
  const clock: SteppingClock = {
    env: {
      // Node has threads.
      LD_PRELOAD: library.replace('libfaketime.so', 'libfaketimeMT.so'),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    setOffsetMs: (offsetMs) => writeFileSync(file, `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1_000}\n`),
  };
  clock.setOffsetMs(0);
  return clock;
}
