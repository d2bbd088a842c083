import type { Tenant } from '@writ/encoding';
import { UnavailableError } from '@writ/errors';
import { appendSurely, type EventStore, type RecordedEvent } from '@writ/event-store';
import { openEvent, refusalsStream, type Fact } from '@writ/ledger';
import type { OperationsPorts } from './ports.js';
import { sealEvents } from './seal-events.js';
import type { FollowedKeys } from './followed-keys.js';

export type RefusalFact = Fact<'ReplayRefused' | 'ForeignEventFound'>;

/** The end of the stream: all that an append to it needs. */
interface Tail {
  readonly salt: Uint8Array;
  readonly lastRevision: bigint;
  readonly recordedAtMs: number;
}

const MAX_RACES = 16;
const SALT_BYTES = 16;

/**
 * Appends to `refusals-<tenant>`. These streams grow for ever, so their ends are found and remembered, never read from
 * the start. Each call is one append; calls for one tenant are made one after another by their caller.
 */
export class RefusalsStreams {
  readonly #ports: Pick<OperationsPorts, 'store' | 'attestor' | 'randomness' | 'clock'>;
  readonly #keys: FollowedKeys;
  readonly #tails = new Map<Tenant, Tail>();

  constructor(ports: Pick<OperationsPorts, 'store' | 'attestor' | 'randomness' | 'clock'>, keys: FollowedKeys) {
    this.#ports = ports;
    this.#keys = keys;
  }

  /**
   * @param isStillNeeded asked again after every lost race; `false` appends nothing
   * @throws UnavailableError as the store, the signer and the clock do, `CONTENTION`
   */
  async append(
    tenant: Tenant,
    facts: readonly RefusalFact[],
    isStillNeeded: () => Promise<boolean> = async () => true,
  ): Promise<void> {
    const stream = refusalsStream(tenant);
    for (let race = 0; race < MAX_RACES; race += 1) {
      // 1. Where the stream ends, as far as this process knows.
      const tail = this.#tails.get(tenant) ?? (await this.#findTail(stream));
      if (race > 0 && !(await isStillNeeded())) return;
      // 2. Seal for the place behind it.
      const streamSalt = tail?.salt ?? this.#ports.randomness.bytes(SALT_BYTES);
      const recordedAtMs = Math.max(this.#ports.clock.nowMs(), tail?.recordedAtMs ?? 0);
      const firstRevision = tail === undefined ? 0n : tail.lastRevision + 1n;
      const sealed = await sealEvents(this.#ports, { stream, streamSalt, firstRevision, recordedAtMs, facts });
      // 3. Append. A crash here loses at most this window's counts; the executions themselves are not touched.
      const result = await appendSurely(
        { store: this.#ports.store, stream },
        tail?.lastRevision ?? 'no_stream',
        sealed.map((event) => event.newEvent),
      );
      if (result !== 'lost_race') {
        this.#tails.set(tenant, { salt: streamSalt, lastRevision: result.lastRevision, recordedAtMs });
        return;
      }
      // Another node wrote in between.
      this.#tails.delete(tenant);
    }
    throw new UnavailableError('CONTENTION', 'the refusals stream is contended', { stream, mayHaveHappened: true });
  }

  async #findTail(stream: string): Promise<Tail | undefined> {
    const { store } = this.#ports;
    const lastRevision = await findLastRevision(store, stream);
    if (lastRevision === undefined) return undefined;
    const [first] = await store.readStream(stream, { maxCount: 1 });
    const [last] = await store.readStream(stream, { fromRevision: lastRevision, maxCount: 1 });
    const ends = [first as RecordedEvent, last as RecordedEvent];
    return this.#keys.opening(ends, () => {
      const opened = this.#open(first as RecordedEvent);
      return {
        salt: opened.streamSalt as Uint8Array, // a salted stream has one, or `openEvent` threw
        lastRevision,
        recordedAtMs: this.#open(last as RecordedEvent, opened.streamSalt).event.recordedAtMs,
      };
    });
  }

  #open(stored: RecordedEvent, streamSalt?: Uint8Array): ReturnType<typeof openEvent> {
    const opened = openEvent(stored, streamSalt);
    this.#keys.verify(opened.attestation, stored);
    return opened;
  }
}

/** The last revision of a stream by doubling and halving: some forty small reads, however long the stream is. */
export async function findLastRevision(
  store: Pick<EventStore, 'readStream'>,
  stream: string,
): Promise<bigint | undefined> {
  const has = async (revision: bigint) =>
    (await store.readStream(stream, { fromRevision: revision, maxCount: 1 })).length > 0;
  if (!(await has(0n))) return undefined;
  let known = 0n;
  let beyond = 1n;
  while (await has(beyond)) {
    known = beyond;
    beyond *= 2n;
  }
  while (beyond - known > 1n) {
    const middle = (known + beyond) / 2n;
    if (await has(middle)) known = middle;
    else beyond = middle;
  }
  return known;
}
