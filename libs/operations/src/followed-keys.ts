import { IntegrityError } from '@writ/errors';
import { readWholeStream, type EventStore, type RecordedEvent } from '@writ/event-store';
import { beginKeyChain, chainedKeys, cutOffIndexOf, followKeys, type KeyChain, type Trust } from '@writ/evidence';
import { keysStream, type Attestation, type KeyStreamState } from '@writ/ledger';
import type { Lineage } from '@writ/lineage';
import { opensslVerify, type TrustedKey } from '@writ/signing';
import { CountedLeaves } from './counted-leaves.js';
import { notAttested, trustKeys, type TrustedKeys } from './trusted-keys.js';

/**
 * The keys of this ledger, followed through its key stream from those that are pinned here. Another node may rotate or
 * revoke at any time: what is new is read when an unknown key is met, and now and then (`NodeKeys`).
 */
export class FollowedKeys implements TrustedKeys {
  readonly pinned: Trust;
  readonly stream: string;
  readonly #store: Pick<EventStore, 'readStream'>;
  readonly #whenChanged: (() => void)[] = [];
  #chain: KeyChain;
  #trusted: TrustedKeys;
  #counted: CountedLeaves | undefined;
  #reading: Promise<boolean> | undefined;
  #readingNext: Promise<boolean> | undefined;

  private constructor(store: Pick<EventStore, 'readStream'>, pinned: Trust) {
    this.pinned = pinned;
    this.stream = keysStream(pinned.origin);
    this.#store = store;
    this.#chain = beginKeyChain(pinned);
    this.#trusted = trustKeys(pinned.origin, pinned.keys);
  }

  /** Follows what the store holds. @throws as `followKeys`, and as the store does */
  static async read(store: Pick<EventStore, 'readStream'>, pinned: Trust): Promise<FollowedKeys> {
    const keys = new FollowedKeys(store, pinned);
    await keys.refresh();
    return keys;
  }

  get origin(): string {
    return this.pinned.origin;
  }
  get keys(): readonly TrustedKey[] {
    return this.#trusted.keys;
  }
  /** As this, but for a view of what was signed: revoked keys are not told apart. */
  get everyKey(): TrustedKeys {
    return this.#trusted;
  }
  get state(): KeyStreamState {
    return this.#chain.state;
  }

  /** Where events of revoked keys are looked up. Until then none of them counts. */
  useLineage(lineage: Lineage): void {
    this.#counted = new CountedLeaves(lineage);
  }

  /** Calls `changed` whenever the keys are other ones: what was verified before may not count any more. */
  onChange(changed: () => void): void {
    this.#whenChanged.push(changed);
  }

  verify(attestation: Attestation, stored: Pick<RecordedEvent, 'stream' | 'revision'>): void {
    this.#trusted.verify(attestation, stored);
    if (cutOffIndexOf(this.#chain, attestation.keyId) === undefined) return;
    if (this.#counted?.has(attestation) !== true) throw notAttested('KEY_REVOKED', attestation, stored);
  }

  /**
   * Runs `open`, which verifies `recorded`; where that fails for want of knowledge (a key that another node has rotated in, the
   * index of an event whose key was revoked), learns it and runs `open` once more. Costs nothing where nothing fails.
   *
   * @throws what `open` throws; UnavailableError `NOT_SEQUENCED_YET`, and as the store does
   */
  async opening<T>(recorded: readonly RecordedEvent[], open: () => T): Promise<T> {
    try {
      return open();
    } catch (error) {
      if (!(await this.#learnFrom(error, recorded))) throw error;
    }
    // A stream that spans a rotation and a revocation may need both.
    try {
      return open();
    } catch (error) {
      if (!(await this.#learnFrom(error, recorded))) throw error;
      return open();
    }
  }

  /**
   * Reads what the key stream holds beyond what is known. One read at a time: who asks while one is under way waits for
   * the next, which all who wait share. @returns whether anything changed
   */
  async refresh(): Promise<boolean> {
    if (this.#reading === undefined) return (this.#reading = this.#read().finally(() => (this.#reading = undefined)));
    this.#readingNext ??= this.#reading
      .catch(() => false)
      .then(() => {
        this.#readingNext = undefined;
        return this.refresh();
      });
    return this.#readingNext;
  }

  async #read(): Promise<boolean> {
    const fromRevision = this.#chain.state.lastRevision + 1n;
    const recorded =
      fromRevision === 0n
        ? await readWholeStream(this.#store, this.stream)
        : await this.#store.readStream(this.stream, { fromRevision });
    if (recorded.length === 0) return false;
    this.#chain = followKeys(this.#chain, recorded, opensslVerify);
    this.#trusted = trustKeys(this.origin, chainedKeys(this.#chain));
    for (const changed of this.#whenChanged) changed();
    return true;
  }

  async #learnFrom(error: unknown, recorded: readonly RecordedEvent[]): Promise<boolean> {
    if (!(error instanceof IntegrityError) || error.code !== 'FOREIGN_EVENT') return false;
    switch (error.details['because']) {
      case 'KEY_UNKNOWN':
        await this.refresh();
        return this.keys.some(({ keyId }) => keyId === error.details['keyId']);
      case 'KEY_REVOKED':
        return (await this.#counted?.learn(recorded, (keyId) => cutOffIndexOf(this.#chain, keyId))) ?? false;
      default:
        return false;
    }
  }
}
