import { readFileSync } from 'node:fs';

/** Of the clock in which Linux counts processor time; 100 a second on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Processor time of a process so far, in microseconds: all threads, and the main one, which is where calls are served.
 * `undefined` where there is no /proc.
 */
export function processorTime(pid) {
  try {
    return { all: ticksIn(`/proc/${pid}/stat`), main: ticksIn(`/proc/${pid}/task/${pid}/stat`) };
  } catch {
    return undefined;
  }
}

/** Microseconds for each of `count` things between two readings. */
export function perThing(before, after, count) {
  if (before === undefined || after === undefined || count === 0) return undefined;
  return {
    allMicroseconds: Math.round((after.all - before.all) / count),
    mainMicroseconds: Math.round((after.main - before.main) / count),
  };
}

/** Fields 14 and 15 (utime, stime) of proc_pid_stat(5), counted behind the name, which may hold spaces. */
function ticksIn(path) {
  const text = readFileSync(path, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000;
}
