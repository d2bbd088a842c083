import type { KeyId } from '@writ/encoding';
import type { LedgerError } from '@writ/errors';
import type { SignedGrant, Attestation } from '@writ/evidence';

import type { Attestor, AttestorCounts, DetachedSignature, LeafToAttest } from './attestor.js';

/**
 * An attestor whose key can be replaced while it is in use. What was asked for before the switch is signed by the former
 * key, what is asked for after it by the next one: no call waits, none fails.
 */
export class SwitchingAttestor implements Attestor {
  #current: Attestor;
  #former: AttestorCounts = NOTHING;
  #stopped: LedgerError | undefined;

  constructor(first: Attestor) {
    this.#current = first;
  }

  get origin(): string {
    return this.#current.origin;
  }
  get keyId(): KeyId {
    return this.#current.keyId;
  }
  get publicKey(): Uint8Array {
    return this.#current.publicKey;
  }

  /** Signs with `next` from now on, and resolves when the former key has signed its last batch and is overwritten. */
  async switchTo(next: Attestor): Promise<void> {
    const former = this.#current;
    if (former === next) return;
    this.#current = next;
    this.#stopped = undefined;
    await former.close();
    this.#former = sum(this.#former, former.counts);
  }

  /** Signs nothing more and refuses with `reason`, until a switch: for a key that is revoked. */
  stop(reason: LedgerError): void {
    this.#stopped = reason;
  }

  /** Why nothing is signed. */
  get stopped(): LedgerError | undefined {
    return this.#stopped;
  }

  async attest(leaves: readonly LeafToAttest[]): Promise<Attestation[]> {
    return this.#signing().attest(leaves);
  }

  async grant(payload: Uint8Array): Promise<SignedGrant> {
    return this.#signing().grant(payload);
  }

  async signPublication(message: Uint8Array): Promise<DetachedSignature> {
    return this.#signing().signPublication(message);
  }

  async signStreamHead(message: Uint8Array): Promise<DetachedSignature> {
    return this.#signing().signStreamHead(message);
  }

  get counts(): AttestorCounts {
    return sum(this.#former, this.#current.counts);
  }

  async close(): Promise<void> {
    await this.#current.close();
  }

  #signing(): Attestor {
    if (this.#stopped !== undefined) throw this.#stopped;
    return this.#current;
  }
}

const NOTHING: AttestorCounts = {
  attestationBatches: 0,
  attestedLeaves: 0,
  grantBatches: 0,
  grants: 0,
  workerStarts: 0,
};

function sum(a: AttestorCounts, b: AttestorCounts): AttestorCounts {
  return {
    attestationBatches: a.attestationBatches + b.attestationBatches,
    attestedLeaves: a.attestedLeaves + b.attestedLeaves,
    grantBatches: a.grantBatches + b.grantBatches,
    grants: a.grants + b.grants,
    workerStarts: a.workerStarts + b.workerStarts,
  };
}
