import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyId } from '@writ/encoding';
import { IntegrityError, LedgerError } from '@writ/errors';
import type { KeyStreamState, RecordedKey } from '@writ/ledger';
import type { Attestor, KeyRing, KeySource, SwitchingAttestor, TrustedKey } from '@writ/signing';
import type { FollowedKeys } from './followed-keys.js';
import type { Alarm } from './ports.js';

export interface NodeKeysOptions {
  readonly ring: KeyRing;
  readonly keys: FollowedKeys;
  readonly attestor: SwitchingAttestor;
  /** Opens an attestor, proven and ready to sign. */
  readonly open: (source: KeySource) => Promise<Attestor>;
  readonly onAlarm: (alarm: Alarm) => void;
  /** How long what a key signed may be on its way to the store; default 2,000. */
  readonly settleMs?: number;
}

const SETTLE_MS = 2_000;

/** With which key this node signs, beside the one that it should. */
export interface SigningState {
  readonly signsWith: KeyId;
  readonly current: KeyId | null;
  /** `former`: another node rotated, and the new key's file is not here; `revoked`: and nothing is signed any more. */
  readonly standing: 'current' | 'former' | 'revoked';
}

/**
 * Keeps this node signing with the key that its ledger's key stream names. Nothing is written to say which that is: the
 * stream says it, so whatever crashes, the next start finds the same key.
 */
export class NodeKeys {
  readonly #options: NodeKeysOptions;
  #prepared: { readonly keyId: KeyId; readonly attestor: Attestor } | undefined;
  /** By the monotonic clock, in milliseconds. */
  readonly #endedAt = new Map<KeyId, number>();
  #last: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NodeKeysOptions) {
    this.#options = options;
  }

  /** Draws the next key. It signs nothing and is told to nobody until an event brings it; a crash leaves a file unused. */
  create(nowMs: number): Promise<TrustedKey> {
    return this.#options.ring.create(nowMs);
  }

  /** Opens the key that is about to be rotated in, so that what cannot sign is found out before the event is there. */
  async prepare(keyId: KeyId): Promise<TrustedKey | undefined> {
    const source = await this.#options.ring.sourceOf(keyId);
    if (source === undefined) return undefined;
    const attestor = await this.#options.open(source);
    await this.#prepared?.attestor.close();
    this.#prepared = { keyId: attestor.keyId, attestor };
    return { keyId: attestor.keyId, publicKey: attestor.publicKey };
  }

  /**
   * Signs with the current key from now on, where that is at hand; else goes on with what it has, as long as that is not
   * revoked. Old batches are signed to their end.
   */
  async adopt(): Promise<void> {
    const { ring, keys, attestor } = this.#options;
    const key = await keyToSignWith(keys.state, ring, attestor.keyId);
    if (key === undefined) {
      attestor.stop(new IntegrityError('KEY_REVOKED', 'the key of this node is revoked', { keyId: attestor.keyId }));
    } else if (key.keyId !== attestor.keyId) {
      const former = attestor.keyId;
      await attestor.switchTo(await this.#opened(key.keyId, key.source));
      this.#endedAt.set(former, performance.now());
    }
  }

  /** Waits until what this node signed with a former key has reached the store, or never will. */
  async settled(keyId: KeyId): Promise<void> {
    const leftMs = (this.#endedAt.get(keyId) ?? -Infinity) + (this.#options.settleMs ?? SETTLE_MS) - performance.now();
    if (leftMs > 0) await sleep(leftMs);
  }

  state(): SigningState {
    const { keys, attestor } = this.#options;
    const { current, keys: recorded } = keys.state;
    const own = recorded.find(({ keyId }) => keyId === attestor.keyId);
    const standing = own?.revocation != null ? 'revoked' : current === attestor.keyId ? 'current' : 'former';
    return { signsWith: attestor.keyId, current, standing };
  }

  /** One change of the keys at a time in this process. */
  async alone<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#last.catch(() => undefined).then(change);
    this.#last = mine;
    return mine;
  }

  /** Looks for what other nodes changed, every `intervalMs`. */
  start(intervalMs: number): void {
    this.#timer ??= setInterval(() => void this.#look(), intervalMs).unref();
  }

  /** Ends that, and waits for a change under way. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.alone(async () => {
      await this.#prepared?.attestor.close();
      this.#prepared = undefined;
    });
  }

  async #look(): Promise<void> {
    const { keys, onAlarm } = this.#options;
    try {
      await keys.refresh();
      if (this.state().standing !== 'current') await this.alone(() => this.adopt());
    } catch (error) {
      const code = error instanceof LedgerError ? error.code : 'UNEXPECTED';
      const message = error instanceof Error ? error.message : 'unknown';
      onAlarm({ kind: 'background_failure', task: 'follow the keys', code, message });
    }
  }

  async #opened(keyId: KeyId, source: KeySource): Promise<Attestor> {
    const prepared = this.#prepared;
    if (prepared?.keyId !== keyId) return this.#options.open(source);
    this.#prepared = undefined;
    return prepared.attestor;
  }
}

/**
 * The key that a node signs with: the current one, or, as long as its file is not here, one that it has and that is not
 * revoked: `preferred`, or the latest. `undefined` where there is none.
 */
export async function keyToSignWith(
  { current, keys }: KeyStreamState,
  ring: KeyRing,
  preferred?: KeyId,
): Promise<{ readonly keyId: KeyId; readonly source: KeySource } | undefined> {
  const rank = ({ keyId }: RecordedKey): number => (keyId === current ? 0 : keyId === preferred ? 1 : 2);
  const usable = keys.filter(({ revocation }) => revocation === null).reverse();
  for (const { keyId } of usable.sort((a, b) => rank(a) - rank(b))) {
    const source = await ring.sourceOf(keyId);
    if (source !== undefined) return { keyId, source };
  }
  return undefined;
}
