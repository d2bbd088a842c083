import { formatInstant, toBase64 } from '@writ/encoding';
import type { Bundle } from '@writ/evidence';
import type { Entry, ExistingExecution } from '@writ/ledger';

import type { CheckedTree } from './check-checkpoint.js';
import { withheldOf } from './check-openings.js';
import { outcomeOf, type Decision } from './decisions.js';
import type { OpenedStream } from './opened-stream.js';
import type { Claims, DecisionClaim, EntryClaim, TreeClaim } from './report.js';

/** What the checks of a bundle have brought to light. */
export interface BundleFindings {
  readonly tree: CheckedTree;
  readonly execution: OpenedStream;
  readonly state: ExistingExecution;
  readonly decisions: readonly Decision[];
}

/** What a bundle proves, told only where it has passed. */
export function bundleClaims(
  { origin, tenant, executionId }: Bundle,
  { tree, execution, state, decisions }: BundleFindings,
  completeness: 'asserted' | 'proved',
): Claims {
  return {
    origin,
    asOf: treeClaim(tree),
    execution: {
      tenant,
      executionId,
      completeness,
      status: state.status,
      standing: state.standing.kind,
      decisions: decisions.map(decisionClaim),
      events: execution.events.flatMap(({ entry, index, attestation }) => {
        const claim = entryClaim(entry, index, attestation.keyId);
        return claim === null ? [] : [claim];
      }),
      withheld: execution.events.flatMap((opened) =>
        withheldOf(opened).map((name) => `${opened.subject.revision ?? ''}:${name}`),
      ),
    },
    entry: null,
  };
}

export function treeClaim({ sizeLeaves, rootHash, cosignatures }: CheckedTree): TreeClaim {
  return {
    sizeLeaves: String(sizeLeaves),
    root: toBase64(rootHash),
    cosignedBy: cosignatures.map(({ witness, timeSeconds }) => ({ witness: witness.name, timeSeconds })),
  };
}

/** `null` for a leaf that is no entry of ours. */
export function entryClaim(entry: Entry | undefined, index: bigint | null, keyId: string | null): EntryClaim | null {
  if (entry === undefined) return null;
  const { type, streamRef, revision, eventId, recordedAtMs } = entry;
  return {
    type,
    streamRef,
    revision: String(revision),
    eventId,
    recordedAt: formatInstant(recordedAtMs),
    index: index === null ? null : String(index),
    keyId,
  };
}

function decisionClaim({ event, opened }: Decision): DecisionClaim {
  const { decisionId, rule, policy, evaluatedAt } = event.data;
  return {
    decisionId,
    outcome: outcomeOf(event),
    rule,
    policy: policy === null ? null : { policyId: policy.policyId, version: policy.version, digest: policy.digest },
    evaluatedAt,
    revision: String(event.revision),
    index: String(opened.index),
  };
}
