import { activatePolicy } from './activate-policy.js';
import { awaitStanding } from './await-standing.js';
import { commitExecution } from './commit-execution.js';
import { diffPolicies } from './diff-policies.js';
import type { Engine } from './engine.js';
import { evaluateIntent } from './evaluate-intent.js';
import { getCheckpoint } from './get-checkpoint.js';
import { getEvidence } from './get-evidence.js';
import { getExecution } from './get-execution.js';
import { getPolicy } from './get-policy.js';
import { getTile } from './get-tile.js';
import { getTlogProof } from './get-tlog-proof.js';
import { lintPolicy } from './lint-policy.js';
import { listExecutions } from './list-executions.js';
import { listKeys } from './list-keys.js';
import { listPolicies } from './list-policies.js';
import type { Operations } from './operations.js';
import { proveConsistency } from './prove-consistency.js';
import { proveInclusion } from './prove-inclusion.js';
import { publishPolicy } from './publish-policy.js';
import { reconcileExecution } from './reconcile-execution.js';
import { releaseReservation } from './release-reservation.js';
import { renewReservation } from './renew-reservation.js';
import { reserveExecution } from './reserve-execution.js';
import { revokeKey } from './revoke-key.js';
import { rotateKey } from './rotate-key.js';
import { retirePolicy } from './retire-policy.js';
import { simulateIntent } from './simulate-intent.js';
import { watchExecution } from './watch-execution.js';

/** The use-cases, bound to one engine. */
export function createOperations(engine: Engine): Operations {
  return {
    evaluate: (context, request) => evaluateIntent(engine, context, request),
    simulate: (context, request) => simulateIntent(engine, context, request),
    reserve: (context, request) => reserveExecution(engine, context, request),
    renew: (context, request) => renewReservation(engine, context, request),
    commit: (context, request) => commitExecution(engine, context, request),
    release: (context, request) => releaseReservation(engine, context, request),
    reconcile: (context, request) => reconcileExecution(engine, context, request),
    getExecution: (context, request) => getExecution(engine, context, request),
    listExecutions: (context, request) => listExecutions(engine, context, request),
    watchExecution: (context, request, signal) => watchExecution(engine, context, request, signal),
    lintPolicy: (context, request) => lintPolicy(context, request),
    publishPolicy: (context, request) => publishPolicy(engine, context, request),
    activatePolicy: (context, request) => activatePolicy(engine, context, request),
    retirePolicy: (context, request) => retirePolicy(engine, context, request),
    getPolicy: (context, request) => getPolicy(engine, context, request),
    listPolicies: (context, request) => listPolicies(engine, context, request),
    diffPolicies: (context, request) => diffPolicies(engine, context, request),
    getCheckpoint: (context, request) => getCheckpoint(engine, context, request),
    proveInclusion: (context, request) => proveInclusion(engine, context, request),
    getTlogProof: (context, request) => getTlogProof(engine, context, request),
    proveConsistency: (context, request) => proveConsistency(engine, context, request),
    getEvidence: (context, request) => getEvidence(engine, context, request),
    awaitStanding: (context, request, signal) => awaitStanding(engine, context, request, signal),
    getTile: (context, name) => getTile(engine, context, name),
    listKeys: (context) => listKeys(engine, context),
    rotateKey: (context, request) => rotateKey(engine, context, request),
    revokeKey: (context, request) => revokeKey(engine, context, request),
  };
}
