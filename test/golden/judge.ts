import { mirrorOf, type Report, type VerifyBundleOptions } from '@writ/verifier';

import type { GoldenCase } from './cases.js';

/** What the verifier is given beside the bundle. */
export function optionsOf({ entries, notBeforeMs }: GoldenCase): VerifyBundleOptions {
  return {
    ...(entries === undefined ? {} : { mirror: mirrorOf(entries, BigInt(entries.length)) }),
    ...(notBeforeMs === undefined ? {} : { age: { nowMs: notBeforeMs, maxAgeMs: 0 } }),
  };
}

/** What of a report is frozen: the verdict, and each check that did not pass. */
export interface Judgement {
  readonly verdict: string | null;
  readonly failed: Readonly<Record<string, string | null>>;
  readonly skipped: Readonly<Record<string, string | null>>;
}

export function judgementOf({ verdict, checks }: Report): Judgement {
  const of = (status: string): Readonly<Record<string, string | null>> =>
    Object.fromEntries(checks.filter((check) => check.status === status).map(({ name, code }) => [name, code]));
  const failed = of('failed');
  // What rests on a check that failed is skipped; which ones those are is not frozen.
  return { verdict, failed, skipped: Object.keys(failed).length > 0 ? {} : of('skipped') };
}
