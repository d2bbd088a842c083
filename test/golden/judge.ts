import { decodeEntryBundle } from '@writ/merkle';
import { mirrorOf, type EntryMirror, type Report, type VerifyBundleOptions } from '@writ/verifier';

import type { GoldenCase } from './cases.js';
import { history } from './frozen-files.js';

/** What the verifier is given beside the bundle. */
export function optionsOf({ entries, notBeforeMs }: GoldenCase): VerifyBundleOptions {
  return {
    ...(entries === undefined ? {} : { mirror: mirrorIn(entries) }),
    ...(notBeforeMs === undefined ? {} : { age: { nowMs: notBeforeMs, maxAgeMs: 0 } }),
  };
}

function mirrorIn(entries: Uint8Array): EntryMirror {
  const width = history().length;
  return mirrorOf(decodeEntryBundle(entries, width), BigInt(width));
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
