import { randomBytes } from 'node:crypto';

import { parseTenant, toBase64, type EventId } from '@writ/encoding';
import { InMemoryEventStore, type EventStore } from '@writ/event-store';
import { encodeMetadata, keysStream, prepareAll, refusalsStream, type Fact } from '@writ/ledger';
import { createAttestor, drawNoteKey, type Attestor } from '@writ/signing';

import { openLineage } from './node/open-lineage.js';
import type { LineageOptions } from './node/lineage-options.js';
import type { OpenedLineage } from './node/lineage-node.js';

export const ORIGIN = 'ledger.test/tree';
export const SECRET_KEY = new Uint8Array(32).fill(7);

let counter = 0;
let attestor: Promise<Attestor> | undefined;

/** Ids that ascend; the version and variant bits are those of UUIDv7. */
export function freshId(): EventId {
  counter += 1;
  return `01900000-0000-7000-8000-${counter.toString(16).padStart(12, '0')}` as EventId;
}

/** A ledger that holds nothing but refusals: real events, really attested, on as many streams as a test wants. */
export class SmallLedger {
  readonly store: EventStore;
  readonly attestor: Attestor;
  readonly #streams = new Map<string, { revision: bigint; salt: Uint8Array }>();
  readonly appended: EventId[] = [];

  private constructor(store: EventStore, attestor: Attestor) {
    this.store = store;
    this.attestor = attestor;
  }

  static async open(store: EventStore = new InMemoryEventStore()): Promise<SmallLedger> {
    // To make one costs more than most tests: it proves its signer, and warms it.
    attestor ??= createAttestor({ secretKey: SECRET_KEY, origin: ORIGIN, worker: false });
    const ledger = new SmallLedger(store, await attestor);
    if ((await store.readAll({ maxCount: 1 })).length === 0) await ledger.#addKey();
    return ledger;
  }

  get pinned() {
    return [{ keyId: this.attestor.keyId, publicKey: this.attestor.publicKey }];
  }

  /** Appends `count` events to one stream in one append. */
  async append(count: number, tenant = 'acme'): Promise<readonly EventId[]> {
    const stream = refusalsStream(parseTenant(tenant));
    const at = this.#streams.get(stream) ?? { revision: -1n, salt: Uint8Array.from(randomBytes(16)) };
    const facts: Fact<'ForeignEventFound'>[] = Array.from({ length: count }, (_, n) => ({
      type: 'ForeignEventFound' as const,
      data: { stream: `execution-acme.x${String(n)}`, revision: '1', reason: 'a test' },
    }));
    const ids = await this.#append(stream, facts, at);
    this.#streams.set(stream, { revision: at.revision + BigInt(count), salt: at.salt });
    return ids;
  }

  /** An event of ours in its form that no key attests. */
  async appendForeign(tenant = 'evil'): Promise<void> {
    const stream = refusalsStream(parseTenant(tenant));
    await this.store.append(stream, 'no_stream', [
      {
        eventId: freshId(),
        type: 'ForeignEventFound',
        typeVersion: 1,
        data: Buffer.from('{}'),
        metadata: Buffer.from('{}'),
      },
    ]);
  }

  options(change: Partial<LineageOptions> = {}): LineageOptions {
    return {
      origin: ORIGIN,
      store: this.store,
      pinned: this.pinned,
      attestor: this.attestor,
      signer: drawNoteKey('checkpoint', ORIGIN),
      clock: { nowMs: () => Date.now() },
      randomness: { bytes: (length) => Uint8Array.from(randomBytes(length)), eventId: freshId },
      anchorIntervalMs: 100,
      anchorEntries: 4_096,
      ...change,
    };
  }

  openLineage(change: Partial<LineageOptions> = {}): Promise<OpenedLineage> {
    return openLineage(this.options(change));
  }

  async #addKey(): Promise<void> {
    const { keyId, publicKey } = this.attestor;
    const data = {
      actor: { id: 'bootstrap', role: 'system' as const },
      origin: ORIGIN,
      keyId,
      purpose: 'attestation' as const,
      publicKey: toBase64(publicKey),
    };
    await this.#append(keysStream(ORIGIN), [{ type: 'KeyAdded', data }], { revision: -1n, salt: undefined });
  }

  async #append(
    stream: string,
    facts: readonly Fact[],
    at: { readonly revision: bigint; readonly salt: Uint8Array | undefined },
  ): Promise<readonly EventId[]> {
    const prepared = prepareAll(facts, {
      stream,
      ...(at.salt === undefined ? {} : { streamSalt: at.salt }),
      firstRevision: at.revision + 1n,
      recordedAtMs: Date.now(),
      identify: () => ({ eventId: freshId(), nonce: Uint8Array.from(randomBytes(16)) }),
    });
    const attestations = await this.attestor.attest(prepared);
    const events = prepared.map(({ event, type, typeVersion, data }, n) => {
      const attestation = attestations[n];
      if (attestation === undefined) throw new Error('one attestation per leaf');
      const salted = event.revision === 0n && at.salt !== undefined ? { streamSalt: at.salt } : {};
      return { eventId: event.eventId, type, typeVersion, data, metadata: encodeMetadata({ attestation, ...salted }) };
    });
    await this.store.append(stream, at.revision < 0n ? 'no_stream' : at.revision, events);
    const ids = prepared.map(({ event }) => event.eventId);
    this.appended.push(...ids);
    return ids;
  }
}
