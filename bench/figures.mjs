/** Small arithmetic that all benches share. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** @param sorted ascending @param share 0.5, 0.99 … */
export function percentile(sorted, share) {
  return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export function ratio(value, reference) {
  return Number((value / reference).toFixed(2));
}

export function round(value, digits = 0) {
  return Number(value.toFixed(digits));
}
