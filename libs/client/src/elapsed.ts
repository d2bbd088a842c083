/** Milliseconds since some moment in the past. */
export type Elapsed = () => number;

/**
 * Starts counting now. The monotonic clock counts; where the machine slept it may have stood still, and then the wall
 * clock tells more. The larger one is taken: a lease may seem shorter than it is, never longer.
 */
export function startElapsed(): Elapsed {
  const startedAtMs = performance.now();
  const wallStartMs = Date.now();
  return () => Math.max(performance.now() - startedAtMs, Date.now() - wallStartMs);
}

/** As `startElapsed`, on the monotonic clock alone: for patience, which a stepping wall clock must not end. */
export function startPatience(): Elapsed {
  const startedAtMs = performance.now();
  return () => performance.now() - startedAtMs;
}
