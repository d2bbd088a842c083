import type { PolicyId, Tenant } from '@writ/encoding';
import type { EventStore } from '@writ/event-store';
import { parseStreamName } from '@writ/ledger';

const EVENTS_PER_READ = 4_096;

/**
 * Which policies exist. The store cannot list streams, so this reads its events once, the first time that somebody
 * asks, and from there only what is new: seconds for the first list of a large ledger, nothing for whoever never asks.
 */
export class PolicyCatalogue {
  readonly #store: EventStore;
  readonly #idsByTenant = new Map<Tenant, Set<PolicyId>>();
  #after: bigint | undefined;
  #reading: Promise<void> | undefined;

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** In alphabetical order. @throws UnavailableError as the store does */
  async idsOf(tenant: Tenant): Promise<readonly PolicyId[]> {
    // Two callers share one reading; whoever comes while it runs waits for the next one, which sees all before it.
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#catchUp().finally(() => (this.#reading = undefined));
    await this.#reading;
    return [...(this.#idsByTenant.get(tenant) ?? [])].sort();
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const after = this.#after === undefined ? {} : { after: this.#after };
      const events = await this.#store.readAll({ ...after, maxCount: EVENTS_PER_READ });
      for (const { stream } of events) if (stream.startsWith('policy-')) this.#add(stream);
      this.#after = events.at(-1)?.position ?? this.#after;
      if (events.length < EVENTS_PER_READ) return;
      // Reads of the embedded store run on this thread: let others have it in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #add(stream: string): void {
    const name = parsedOrUndefined(stream);
    if (name?.kind !== 'policy') return;
    const ids = this.#idsByTenant.get(name.tenant) ?? new Set<PolicyId>();
    ids.add(name.policyId);
    this.#idsByTenant.set(name.tenant, ids);
  }
}

/** A stream of somebody else's making is none of ours to list. */
function parsedOrUndefined(stream: string): ReturnType<typeof parseStreamName> | undefined {
  try {
    return parseStreamName(stream);
  } catch {
    return undefined;
  }
}
