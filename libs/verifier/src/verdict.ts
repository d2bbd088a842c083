import type { CheckList } from './check-list.js';
import { CHECK_NAMES, type CheckName, type Claims, type Profile, type Report, type Verdict } from './report.js';

/** What each profile asks for beyond the one before it. docs/spec/bundle.md holds the same table. */
export const PROFILE_CHECKS: readonly (readonly [Profile, readonly CheckName[]])[] = [
  [
    'recorded',
    [
      'form',
      'origin',
      'checkpoint',
      'quorum',
      'entries',
      'attestations',
      'keys',
      'inclusion',
      'contiguity',
      'streamHeads',
      'stateMachine',
      'atMostOnce',
    ],
  ],
  ['decided', ['policyDigest', 'publication', 'inForce']],
  ['reevaluated', ['openings', 'reevaluation']],
];

/** From the least to the most, within each kind of evidence. */
const RANKS: Readonly<Record<Verdict, number>> = { signed: 1, included: 2, recorded: 3, decided: 4, reevaluated: 5 };

/**
 * The highest profile all of whose checks passed. `null` where any check failed, whether or not a profile asks for it:
 * what lies in one place is not to be believed in another.
 */
export function profileReached(
  checks: CheckList,
  asked: { readonly age: boolean; readonly mirror: boolean },
): Profile | null {
  if (checks.hasFailed) return null;
  if (asked.age && !checks.passed('freshness')) return null;
  if (asked.mirror && !checks.passed('completeness')) return null;
  let reached: Profile | null = null;
  for (const [profile, names] of PROFILE_CHECKS) {
    if (!names.every((name) => checks.passed(name))) return reached;
    reached = profile;
  }
  return reached;
}

/** Puts a report of the checks `names` together; claims are made only where there is a verdict. */
export function reportOf(
  kind: Report['kind'],
  checks: CheckList,
  { reached, required }: { readonly reached: Verdict | null; readonly required: Verdict },
  claims: () => Claims | null,
  names: readonly CheckName[] = CHECK_NAMES,
): Report {
  const made = reached === null ? null : claims();
  // Nothing is concluded of which it cannot be said what.
  const verdict = made === null ? null : reached;
  return {
    format: 'writ/report/v1',
    kind,
    verdict,
    required,
    accepted: verdict !== null && RANKS[verdict] >= RANKS[required],
    checks: checks.inOrder(names),
    claims: made,
  };
}
