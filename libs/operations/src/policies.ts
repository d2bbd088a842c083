import { canonicalText, parseBase64, type PolicyId, type Tenant } from '@writ/encoding';
import { IntegrityError, RejectedError } from '@writ/errors';
import { readWholeStream, type RecordedEvent } from '@writ/event-store';
import { publicationMessage, verifySignature } from '@writ/evidence';
import { policyStream, type PolicyReference, type PublishedVersion } from '@writ/ledger';
import { compilePolicy, parsePolicy, type CompiledPolicy } from '@writ/policy';
import type { ForeignEvents } from './foreign-events.js';
import { emptyPolicyLog, extendPolicyLog, type PolicyLog } from './policy-log.js';
import type { OperationsPorts } from './ports.js';
import type { FollowedKeys } from './followed-keys.js';

/** The version that decides, ready to be asked. */
export interface PolicyInForce {
  readonly compiled: CompiledPolicy;
  readonly reference: PolicyReference;
}

interface Kept {
  readonly log: PolicyLog;
  readonly readAtMs: number;
  readonly inForce: PolicyInForce | undefined;
}

type Ports = Pick<OperationsPorts, 'store' | 'clock' | 'origin' | 'policyMaxStaleMs'>;

/** Policies kept in memory, and programs beside them; both are read again when they are needed again. */
const MAX_KEPT = 1_024;

/**
 * The policies of this ledger, each kept as it was last read. Before a policy decides, the end of its stream is read
 * again unless that was done within `policyMaxStaleMs`; an activation made by this node is seen at once. A decision
 * always records the activation that it used, so how stale it was can be told later.
 */
export class Policies {
  readonly #ports: Ports;
  readonly #keys: FollowedKeys;
  readonly #foreignEvents: ForeignEvents;
  readonly #kept = new Map<string, Kept>();
  readonly #programs = new Map<string, CompiledPolicy>();

  constructor(ports: Ports, keys: FollowedKeys, foreignEvents: ForeignEvents) {
    this.#ports = ports;
    this.#keys = keys;
    this.#foreignEvents = foreignEvents;
  }

  /**
   * The version in force; `undefined` where versions are published and none is in force.
   * @throws RejectedError `POLICY_UNKNOWN`
   * @throws IntegrityError `POLICY_DIGEST_MISMATCH`, `FOREIGN_EVENT`, `EVENT_INVALID`
   * @throws UnavailableError as the store does: a policy that cannot be looked up admits nothing
   */
  async inForce(tenant: Tenant, policyId: PolicyId): Promise<PolicyInForce | undefined> {
    const stream = policyStream(tenant, policyId);
    const kept = this.#kept.get(stream);
    const fresh = kept !== undefined && this.#ports.clock.nowMs() - kept.readAtMs < this.#ports.policyMaxStaleMs;
    const { log, inForce } = fresh ? kept : await this.#refresh(stream, policyId);
    if (log.events.length === 0) throw policyUnknown(tenant, policyId);
    return inForce;
  }

  /** The policy as it stands in the store now; empty where there is none. */
  async read(tenant: Tenant, policyId: PolicyId): Promise<PolicyLog> {
    return (await this.#refresh(policyStream(tenant, policyId), policyId)).log;
  }

  /** Opens what a stream holds; also for the first step of a change. */
  async open(stream: string, recorded: readonly RecordedEvent[]): Promise<PolicyLog> {
    return this.#extend(emptyPolicyLog(stream), recorded);
  }

  /** Reads everything again before it decides: what was verified may not count any more. */
  forget(): void {
    this.#kept.clear();
    this.#programs.clear();
  }

  /** Takes what this node has just read or written. */
  keep(policyId: PolicyId, log: PolicyLog, readAtMs: number): Kept {
    const kept = { log, readAtMs, inForce: this.#inForceOf(policyId, log) };
    this.#kept.delete(log.stream);
    this.#kept.set(log.stream, kept);
    dropOldest(this.#kept);
    return kept;
  }

  /**
   * A published version, compiled. The document is hashed again: what decides is what was published.
   * @throws IntegrityError `POLICY_DIGEST_MISMATCH`, `ATTESTATION_INVALID`
   */
  compiled(log: PolicyLog, published: PublishedVersion): CompiledPolicy {
    const known = this.#programs.get(published.digest);
    if (known !== undefined) return known;
    this.#requirePublication(log, published);
    const { document } = parsePolicy(canonicalText(published.document), 'json');
    const compiled = document === undefined ? undefined : compilePolicy(document);
    if (compiled?.digest !== published.digest) {
      throw new IntegrityError('POLICY_DIGEST_MISMATCH', 'the stored policy does not hash to its recorded digest', {
        stream: log.stream,
        version: published.version,
        recorded: published.digest,
        computed: compiled?.digest ?? null,
      });
    }
    this.#programs.set(published.digest, compiled);
    dropOldest(this.#programs);
    return compiled;
  }

  async #refresh(stream: string, policyId: PolicyId): Promise<Kept> {
    const readAtMs = this.#ports.clock.nowMs();
    const former = this.#kept.get(stream);
    if (former === undefined) {
      const recorded = await readWholeStream(this.#ports.store, stream);
      return this.keep(policyId, await this.open(stream, recorded), readAtMs);
    }
    const fromRevision = former.log.state.lastRevision + 1n;
    const news = await this.#ports.store.readStream(stream, { fromRevision });
    if (news.length > 0) return this.keep(policyId, await this.#extend(former.log, news), readAtMs);
    const kept = { ...former, readAtMs };
    this.#kept.set(stream, kept);
    return kept;
  }

  async #extend(log: PolicyLog, recorded: readonly RecordedEvent[]): Promise<PolicyLog> {
    try {
      return await this.#keys.opening(recorded, () => extendPolicyLog(log, recorded, this.#keys));
    } catch (error) {
      if (error instanceof IntegrityError) {
        const revision = error.details['revision'];
        this.#foreignEvents.report(log.stream, typeof revision === 'string' ? BigInt(revision) : 0n, error);
      }
      throw error;
    }
  }

  #inForceOf(policyId: PolicyId, log: PolicyLog): PolicyInForce | undefined {
    const { inForce, versions } = log.state;
    const published = versions.find((version) => version.version === inForce?.version);
    if (inForce === null || published === undefined) return undefined;
    const { version, digest, eventId, revision } = inForce;
    return {
      compiled: this.compiled(log, published),
      reference: { policyId, version, digest, activation: { eventId, revision: revision.toString() } },
    };
  }

  /** The publication bears its own signature, which is evidence even where the event is not at hand. */
  #requirePublication(log: PolicyLog, { version, digest, keyId, signature, revision }: PublishedVersion): void {
    const event = log.events[Number(revision)]?.event;
    const key = this.#keys.keys.find((trusted) => trusted.keyId === keyId);
    if (event !== undefined && key !== undefined) {
      const { tenant, policyId } = event.data;
      const message = publicationMessage({ origin: this.#ports.origin, tenant, policyId, version, digest });
      if (verifySignature(message, parseBase64(signature, 64), key.publicKey)) return;
    }
    throw new IntegrityError('ATTESTATION_INVALID', 'the signature of the publication does not verify', {
      stream: log.stream,
      version,
      keyId,
    });
  }
}

export function policyUnknown(tenant: Tenant, policyId: PolicyId): RejectedError {
  return new RejectedError('POLICY_UNKNOWN', 'no policy of that id is published in this tenant', { tenant, policyId });
}

function dropOldest(map: Map<string, unknown>): void {
  if (map.size <= MAX_KEPT) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
