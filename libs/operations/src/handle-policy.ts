import type { PolicyId, Tenant } from '@writ/encoding';
import { errorOfCode } from '@writ/errors';
import { handleCommand } from '@writ/event-store';
import { policyStream, type PolicyRuling, type PolicyStreamState } from '@writ/ledger';
import { patienceOf, requireTimeLeft } from './deadline.js';
import type { Engine } from './engine.js';
import type { CallContext } from './operations.js';
import { extendPolicyLog, type PolicyLog } from './policy-log.js';
import { sealEvents } from './seal-events.js';

export interface HandledPolicy {
  readonly log: PolicyLog;
  /** The event that did it, now or earlier. */
  readonly revision: bigint;
  readonly replayed: boolean;
}

interface Prospect {
  readonly answer: PolicyRuling['answer'];
  readonly log: PolicyLog;
}

/**
 * The way of every change of a policy: read → rule → sign → append → tell.
 * @throws what the ruling refuses with, and the errors of store, signer, clock and deadline
 */
export async function handlePolicy(
  engine: Engine,
  context: CallContext,
  name: { readonly tenant: Tenant; readonly policyId: PolicyId },
  rule: (state: PolicyStreamState) => PolicyRuling,
): Promise<HandledPolicy> {
  const { ports, keys, policies } = engine;
  const stream = policyStream(name.tenant, name.policyId);
  const { answer: prospect } = await handleCommand<PolicyLog, Prospect>({
    store: ports.store,
    stream,
    load: (recorded) => policies.open(stream, recorded),
    decide: async (log) => {
      const { append, answer } = rule(log.state);
      if (append.length === 0) return { append: [], answer: { answer, log } };
      const wallMs = ports.clock.nowMs();
      requireTimeLeft(context, wallMs);
      const firstRevision = log.state.lastRevision + 1n;
      const sealed = await sealEvents(ports, {
        stream,
        firstRevision,
        recordedAtMs: Math.max(wallMs, log.state.lastRecordedAtMs),
        facts: append,
        trace: context.traceparent,
      });
      const newEvents = sealed.map((event) => event.newEvent);
      // Folded as it will be read back, signatures included: what could not be read is not appended.
      const recorded = newEvents.map((event, at) => ({
        ...event,
        stream,
        revision: firstRevision + BigInt(at),
        position: 0n,
      }));
      return { append: newEvents, answer: { answer, log: extendPolicyLog(log, recorded, keys) } };
    },
    ...patienceOf(context, ports.clock.nowMs()),
  });
  const { answer, log } = prospect;
  policies.keep(name.policyId, log, ports.clock.nowMs());
  if (answer.kind === 'refused') throw errorOfCode(answer.code, answer.message, { ...name, ...answer.details });
  return { log, revision: answer.revision, replayed: answer.replayed };
}
