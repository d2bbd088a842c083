import type { KeyId } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import { readWholeStream, type EventStore } from '@writ/event-store';
import {
  beginKeyChain,
  chainedKeys,
  cutOffIndexOf,
  followKeys,
  type KeyChain,
  type Trust,
  type TrustedKey,
  type VerifySignature,
} from '@writ/evidence';
import { keysStream } from '@writ/ledger';

/** The keys that count: those that are pinned, and those that these brought in, with where each was cut off. */
export class KeyRing {
  readonly #keys: ReadonlyMap<KeyId, TrustedKey>;
  readonly #cutOffs: ReadonlyMap<KeyId, bigint>;

  private constructor(chain: KeyChain) {
    const keys = [...chain.pinned.keys, ...chainedKeys(chain)];
    this.#keys = new Map(keys.map((key) => [key.keyId, key]));
    this.#cutOffs = new Map(
      keys.flatMap(({ keyId }) => {
        const cutOff = cutOffIndexOf(chain, keyId);
        return cutOff === undefined ? [] : [[keyId, cutOff] as const];
      }),
    );
  }

  /** As `reachedKeyChain`: what an unknown key signed is then foreign. */
  static async read(store: Pick<EventStore, 'readStream'>, pinned: Trust, verify: VerifySignature): Promise<KeyRing> {
    return new KeyRing(await reachedKeyChain(store, pinned, verify));
  }

  keyOf(keyId: KeyId): TrustedKey | undefined {
    return this.#keys.get(keyId);
  }

  /** `true` where what the key signed no longer counts, from this leaf index on. */
  isCutOff(keyId: KeyId, index: number): boolean {
    const cutOff = this.#cutOffs.get(keyId);
    return cutOff !== undefined && BigInt(index) >= cutOff;
  }
}

/**
 * Follows the key stream from the pinned keys on, as far as it leads. What does not follow, and a store that cannot be
 * read, end that without an error: either is found where the store is read.
 */
export async function reachedKeyChain(
  store: Pick<EventStore, 'readStream'>,
  pinned: Trust,
  verify: VerifySignature,
): Promise<KeyChain> {
  let chain = beginKeyChain(pinned);
  try {
    for (const stored of await readWholeStream(store, keysStream(pinned.origin))) {
      chain = followKeys(chain, [stored], verify);
    }
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
  }
  return chain;
}
