import type { VerifyEd25519 } from '@writ/checkpoint';
import { RejectedError } from '@writ/errors';
import { parseBundle, type Bundle, type VerifySignature } from '@writ/evidence';

import { checkCheckpoint, type AgeLimit } from './check-checkpoint.js';
import { checkExecution } from './check-execution.js';
import { checkAttestations, checkKeys, readKeys, signingsOf } from './check-keys.js';
import { CheckList } from './check-list.js';
import { checkOpenings } from './check-openings.js';
import { checkInForce, checkPolicyDigest, checkPublication, publicationSignings } from './check-policy.js';
import { checkReevaluation, CompiledPolicies } from './check-reevaluation.js';
import { checkCompleteness, checkContiguity, checkInclusion, checkStreamHead } from './check-streams.js';
import { bundleClaims, type BundleFindings } from './claims.js';
import { decisionsOf } from './decisions.js';
import type { EntryMirror } from './mirror.js';
import { openStream } from './opened-stream.js';
import { policyTimeline } from './policy-timeline.js';
import type { Profile, Report } from './report.js';
import { SignatureVerdicts } from './signature-verdicts.js';
import type { TrustFile } from './trust-file.js';
import { profileReached, reportOf } from './verdict.js';

/** Implementations that a process has at hand; the defaults are the references that they must agree with. */
export interface VerifierOptions {
  readonly verifySignature?: VerifySignature;
  readonly verifyEd25519?: VerifyEd25519;
}

export interface VerifyBundleOptions {
  /** The least that is accepted; default `decided`. */
  readonly require?: Profile;
  /** How old the cosignatures of the checkpoint may be; not asked where it is left out. */
  readonly age?: AgeLimit;
  /** For how long a superseded policy may have gone on deciding; default 10,000. */
  readonly policyMaxLagMs?: number;
  /** All entries of the tree of the bundle's checkpoint: then completeness is proved, not asserted. */
  readonly mirror?: EntryMirror;
}

const DEFAULT_POLICY_MAX_LAG_MS = 10_000;

/** Verifies many bundles under one trust file: signatures and policies that come again cost nothing. */
export interface BundleVerifier {
  /** Never throws, whatever the bytes are. Throws REQUEST_INVALID only on options that make no sense. */
  verify(bytes: Uint8Array, options?: VerifyBundleOptions): Report;
}

export function createBundleVerifier(trust: TrustFile, implementations: VerifierOptions = {}): BundleVerifier {
  const { verify } = new SignatureVerdicts(implementations.verifySignature);
  const basis: Basis = {
    trust,
    verify,
    policies: new CompiledPolicies(),
    verifyEd25519: implementations.verifyEd25519,
  };
  return { verify: (bytes, options = {}) => verifyWith(basis, bytes, options) };
}

/**
 * Verifies one bundle (docs/spec/bundle.md): the report of every check, and what the bundle proves. Never throws,
 * whatever the bytes are. Throws REQUEST_INVALID only on options that make no sense.
 */
export function verifyBundle(
  bytes: Uint8Array,
  trust: TrustFile,
  options: VerifyBundleOptions & VerifierOptions = {},
): Report {
  return createBundleVerifier(trust, options).verify(bytes, options);
}

interface Basis {
  readonly trust: TrustFile;
  readonly verify: VerifySignature;
  readonly verifyEd25519: VerifyEd25519 | undefined;
  readonly policies: CompiledPolicies;
}

function verifyWith(basis: Basis, bytes: Uint8Array, options: VerifyBundleOptions): Report {
  requireOptions(options);
  const checks = new CheckList();
  // 1. Is it a bundle at all?
  const bundle = checks.run('form', () => parseBundle(bytes), 'BUNDLE_INVALID');
  const found = bundle === undefined ? undefined : checkedOrFailed(basis, bundle, options, checks);
  // 9. What it comes to.
  const { require: required = 'decided' } = options;
  const reached = profileReached(checks, { age: options.age !== undefined, mirror: options.mirror !== undefined });
  const completeness = checks.passed('completeness') ? 'proved' : 'asserted';
  return reportOf('bundle', checks, { reached, required }, () =>
    bundle === undefined || found === undefined ? null : bundleClaims(bundle, found, completeness),
  );
}

/** Each check catches what it throws; should anything between them throw, the bundle has failed too. */
function checkedOrFailed(
  basis: Basis,
  bundle: Bundle,
  options: VerifyBundleOptions,
  checks: CheckList,
): BundleFindings | undefined {
  try {
    return checkBundle(basis, bundle, options, checks);
  } catch {
    checks.run('form', (found) => {
      found.fail('UNREADABLE');
    });
    return undefined;
  }
}

/** The checks in their order. What one cannot be asked without is not asked: it is then skipped. */
function checkBundle(
  { trust, verify, verifyEd25519, policies }: Basis,
  bundle: Bundle,
  options: VerifyBundleOptions,
  checks: CheckList,
): BundleFindings | undefined {
  const { origin } = trust;
  // 2. Of this ledger?
  checks.run('origin', (found) => {
    if (bundle.origin !== origin) found.fail('CHECKPOINT_ORIGIN');
  });
  // 3. The tree that all else is told of.
  const { age } = options;
  const tree = checkCheckpoint(
    bundle.checkpoint,
    trust,
    { ...(age === undefined ? {} : { age }), ...(verifyEd25519 === undefined ? {} : { verifyEd25519 }) },
    checks,
  );
  // 4. Every event is the one that was attested.
  const opened = checks.run('entries', (found) => ({
    execution: openStream(bundle.streams.execution, found),
    policy: openStream(bundle.streams.policy, found),
    keys: openStream(bundle.streams.keys, found),
  }));
  if (opened === undefined) return undefined;
  const { execution, policy } = opened;
  const streams = [execution, policy, opened.keys];
  const events = streams.flatMap((stream) => stream.events);
  const timeline = policyTimeline(policy);
  // 5. By keys that count where they signed.
  const keys = readKeys(opened.keys, trust);
  checks.run('attestations', (found) => {
    checkAttestations(events, keys.history, origin, verify, found);
  });
  if (tree !== undefined) {
    const publications = 'fault' in timeline ? [] : publicationSignings(timeline);
    checkKeys(keys, [...signingsOf(execution, policy, opened.keys, tree.sizeLeaves), ...publications], checks);
    // 6. Where they stand in the tree, and that none is missing.
    checks.run('inclusion', (found) => {
      checkInclusion(events, tree, found);
    });
    checks.run('streamHeads', (found) => {
      for (const stream of streams) checkStreamHead(stream, tree, origin, keys.history, verify, found);
    });
    checks.run('completeness', (found) => {
      checkCompleteness(streams, tree, options.mirror, found);
    });
  }
  checks.run('contiguity', (found) => {
    for (const stream of streams) checkContiguity(stream, found);
  });
  // 7. The execution lived lawfully.
  const state = checkExecution(execution, bundle, checks);
  // 8. Under this policy, which decides so.
  const decisions = decisionsOf(execution);
  checks.run('openings', (found) => {
    checkOpenings(streams, decisions, found);
  });
  const maxLagMs = options.policyMaxLagMs ?? DEFAULT_POLICY_MAX_LAG_MS;
  if ('fault' in timeline) {
    // Where the event could not be read, `entries` has told it.
    const { event, subject } = timeline.fault;
    if (event !== undefined)
      checks.run('inForce', (found) => {
        found.fail('EVENT_INVALID', subject);
      });
  } else {
    checks.run('policyDigest', (found) => {
      checkPolicyDigest(decisions, timeline, found);
    });
    checks.run('publication', (found) => {
      checkPublication(decisions, timeline, origin, keys.history, verify, found);
    });
    checks.run('inForce', (found) => {
      checkInForce(decisions, timeline, maxLagMs, found);
    });
    // A policy is run for a file only that nothing speaks against: rules cost time, and anybody can write some.
    if (!checks.hasFailed) {
      checks.run('reevaluation', (found) => {
        checkReevaluation(decisions, timeline, policies, found);
      });
    }
  }
  return tree === undefined || state === undefined ? undefined : { tree, execution, state, decisions };
}

function requireOptions({ age, policyMaxLagMs }: VerifyBundleOptions): void {
  const numbers = [age?.nowMs, age?.maxAgeMs, policyMaxLagMs].filter((given) => given !== undefined);
  if (numbers.every((given) => Number.isFinite(given) && given >= 0)) return;
  throw new RejectedError('REQUEST_INVALID', 'an age or a lag is a number of milliseconds', { field: 'options' });
}
