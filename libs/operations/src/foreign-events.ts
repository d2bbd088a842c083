import { parseTenant, type Tenant } from '@writ/encoding';
import { LedgerError, type IntegrityError } from '@writ/errors';
import { EVENT_STORE_LIMITS, type EventStore } from '@writ/event-store';
import { openEvent, parseStreamName, refusalsStream } from '@writ/ledger';
import type { Alarm } from './ports.js';
import type { RefusalsStreams } from './refusals-stream.js';
import type { FollowedKeys } from './followed-keys.js';

/** Where foreign events of streams without a tenant are told of. */
const OWN_TENANT = parseTenant('_writ');
/** Places remembered as told; beyond it the oldest is looked up again before it is told twice. */
const MAX_REMEMBERED = 10_000;

/**
 * Raises the alarm over events that nobody of ours signed, and records each place once: the refusals stream is searched
 * before it is told, so neither a restart nor a second node repeats it.
 */
export class ForeignEvents {
  readonly #store: EventStore;
  readonly #streams: RefusalsStreams;
  readonly #keys: FollowedKeys;
  readonly #onAlarm: (alarm: Alarm) => void;
  readonly #told = new Set<string>();
  readonly #telling = new Map<string, Promise<void>>();
  #found = 0;

  constructor(store: EventStore, streams: RefusalsStreams, keys: FollowedKeys, onAlarm: (alarm: Alarm) => void) {
    this.#store = store;
    this.#streams = streams;
    this.#keys = keys;
    this.#onAlarm = onAlarm;
  }

  /** For metrics: places found by this process. */
  get found(): number {
    return this.#found;
  }

  /** Returns at once: the call that stumbled on the event is refused whether or not this can be recorded. */
  report(stream: string, revision: bigint, error: IntegrityError): void {
    const place = `${stream}\n${revision}`;
    if (this.#told.has(place) || this.#telling.has(place)) return;
    this.#found += 1;
    const { code, message: reason } = error;
    this.#onAlarm({ kind: 'foreign_event', stream, revision: revision.toString(), code, reason });
    const telling = this.#record(stream, revision, error)
      .then(() => this.#remember(place))
      .catch((failure: unknown) => {
        const failureCode = failure instanceof LedgerError ? failure.code : 'UNEXPECTED';
        const message = failure instanceof Error ? failure.message : 'unknown';
        this.#onAlarm({ kind: 'background_failure', task: 'record foreign event', code: failureCode, message });
      })
      .finally(() => this.#telling.delete(place));
    this.#telling.set(place, telling);
  }

  /** Waits for what is being recorded. */
  async settle(): Promise<void> {
    await Promise.all(this.#telling.values());
  }

  async #record(stream: string, revision: bigint, error: IntegrityError): Promise<void> {
    const tenant = tenantOf(stream);
    // A foreign event inside the refusals stream itself leaves no place to tell of it but the alarm.
    if (stream === refusalsStream(tenant)) return;
    const isNew = async () => !(await this.#isRecorded(tenant, stream, revision));
    if (!(await isNew())) return;
    const fact = {
      type: 'ForeignEventFound' as const,
      data: { stream, revision: revision.toString(), reason: `${error.code}: ${error.message}` },
    };
    await this.#streams.append(tenant, [fact], isNew);
  }

  /** Slow and rare: reads the whole refusals stream, in pages. */
  async #isRecorded(tenant: Tenant, stream: string, revision: bigint): Promise<boolean> {
    const maxCount = EVENT_STORE_LIMITS.eventsPerRead;
    let salt: Uint8Array | undefined;
    for (let from = 0n; ; from += BigInt(maxCount)) {
      const page = await this.#store.readStream(refusalsStream(tenant), { fromRevision: from, maxCount });
      for (const stored of page) {
        if (stored.type !== 'ForeignEventFound' && stored.revision !== 0n) continue;
        const opened = openEvent(stored, salt);
        salt = opened.streamSalt;
        if (opened.event.type !== 'ForeignEventFound') continue;
        const { data } = opened.event;
        if (data.stream !== stream || data.revision !== revision.toString()) continue;
        await this.#keys.opening([stored], () => {
          this.#keys.verify(opened.attestation, stored);
        });
        return true;
      }
      if (page.length < maxCount) return false;
    }
  }

  #remember(place: string): void {
    if (this.#told.size >= MAX_REMEMBERED) {
      for (const oldest of this.#told) {
        this.#told.delete(oldest);
        break;
      }
    }
    this.#told.add(place);
  }
}

function tenantOf(stream: string): Tenant {
  try {
    const name = parseStreamName(stream);
    return 'tenant' in name ? name.tenant : OWN_TENANT;
  } catch {
    return OWN_TENANT;
  }
}
