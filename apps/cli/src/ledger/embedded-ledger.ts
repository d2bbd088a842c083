import type { EntryTarget as RequestedEntry, Intent } from '@writ/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { isUuid, parseDecisionId, parseEventId, parseExecutionId, parsePolicyId, parseTenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { Instance } from '@writ/instance';
import type { CallContext, EntryTarget, IntentInput, SignalInput } from '@writ/operations';
import type { Ledger } from './ledger.js';

/** An instance opened in this process, behind the same methods as a client. `token`: where the settings name a tokens file. */
export function embeddedLedger(instance: Instance, tenantName: string, token: string | undefined): Ledger {
  const { operations } = instance;
  const context: CallContext = { principal: instance.authenticate(token) };
  const tenant = parseTenant(tenantName);
  const named = <R extends { readonly executionId: string }>(request: R) => ({
    ...request,
    tenant,
    executionId: parseExecutionId(request.executionId),
  });
  const targetOf = (target: RequestedEntry): EntryTarget => {
    switch (target.kind) {
      case 'execution':
        return named(target);
      case 'event':
        return { kind: 'event', eventId: parseEventId(target.eventId) };
      case 'index':
        return target;
    }
  };
  const ofPolicy = <R extends { readonly policyId: string }>(request: R) => ({
    ...request,
    tenant,
    policyId: parsePolicyId(request.policyId),
  });
  return {
    evaluate: ({ holder, reevaluate, ...request }) =>
      operations.evaluate(context, {
        ...named(request),
        intent: intentOf(request.intent),
        holder: holder ?? null,
        ...(reevaluate === undefined ? {} : { reevaluate: parseDecisionId(reevaluate) }),
      }),
    simulate: (request) => operations.simulate(context, { ...named(request), intent: intentOf(request.intent) }),
    reserve: (request) => operations.reserve(context, named(request)),
    renew: (request) => operations.renew(context, named(request)),
    commit: async (request) => {
      if (!isUuid(request.commitId)) throw new RejectedError('REQUEST_INVALID', '`commitId` must be a UUID');
      return operations.commit(context, named(request));
    },
    release: (request) => operations.release(context, named(request)),
    reconcile: (request) => operations.reconcile(context, named(request)),
    getExecution: (request) => operations.getExecution(context, named(request)),
    listExecutions: async (request) => {
      await indexCaughtUp(instance);
      const { executions, ...page } = await operations.listExecutions(context, { ...request, tenant });
      return { ...page, executions: executions.map((execution) => ({ ...execution, events: [] })) };
    },
    watchExecution: async function* (request, options) {
      yield* operations.watchExecution(context, named(request), options?.signal ?? new AbortController().signal);
    },
    lineage: {
      getCheckpoint: (request) => operations.getCheckpoint(context, request ?? {}),
      proveConsistency: (request) => operations.proveConsistency(context, request),
      getTlogProof: ({ target, ...request }) =>
        operations.getTlogProof(context, { ...request, target: targetOf(target) }),
      getEvidence: (request) => operations.getEvidence(context, named(request)),
      awaitStanding: (request, options) => operations.awaitStanding(context, named(request), options?.signal),
    },
    keys: {
      list: () => operations.listKeys(context),
      rotate: (request) => operations.rotateKey(context, request),
      revoke: (request) => operations.revokeKey(context, request),
    },
    policies: {
      publish: ({ text, format }) => operations.publishPolicy(context, { text, format: format ?? 'auto', tenant }),
      activate: ({ reason, ...change }) =>
        operations.activatePolicy(context, { ...ofPolicy(change), reason: reason ?? '' }),
      retire: ({ reason, ...change }) =>
        operations.retirePolicy(context, { ...ofPolicy(change), reason: reason ?? '' }),
      get: (request) => operations.getPolicy(context, ofPolicy(request)),
      list: (request) =>
        operations.listPolicies(context, {
          tenant,
          ...(request?.policyId === undefined ? {} : { policyId: parsePolicyId(request.policyId) }),
        }),
      diff: (request) => operations.diffPolicies(context, ofPolicy(request)),
    },
  };
}

function intentOf({ policyId, signals, ...intent }: Intent): IntentInput {
  const entries = Object.entries(signals).map(([name, signal]): [string, SignalInput] => [
    name,
    typeof signal === 'object' ? signal : { value: signal },
  ]);
  return { ...intent, policyId: parsePolicyId(policyId), signals: Object.fromEntries(entries) };
}

const INDEX_PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** The index of executions begins to follow the store when the instance opens; a list that is asked at once waits for it. */
async function indexCaughtUp({ metrics }: Instance): Promise<void> {
  const endMs = Date.now() + INDEX_PATIENCE_MS;
  while ((await metrics.indexBehind()) > 0 && Date.now() < endMs) await sleep(LOOK_EVERY_MS);
}
