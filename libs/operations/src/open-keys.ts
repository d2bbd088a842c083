import { toBase64 } from '@writ/encoding';
import { IntegrityError, errorOfCode } from '@writ/errors';
import { handleCommand, type RecordedEvent } from '@writ/event-store';
import {
  decideAddKey,
  evolveKeys,
  keysStream,
  NO_KEYS,
  openEvent,
  type Actor,
  type KeyEvent,
  type LedgerEvent,
} from '@writ/ledger';
import type { OperationsPorts } from './ports.js';
import { sealEvents } from './seal-events.js';
import { trustKeys, type TrustedKeys } from './trusted-keys.js';

const BOOTSTRAP: Actor = { id: 'bootstrap', role: 'system' };

type Ports = Pick<OperationsPorts, 'store' | 'attestor' | 'randomness' | 'clock' | 'origin'>;

/**
 * Makes sure that the store is this ledger's, and that its key is the one at hand. In an empty store the key becomes the
 * first event (`mayBegin`); a crash before that leaves an empty store, which the next start begins again.
 *
 * The key at hand is what is trusted: it comes from outside the store, and must have attested the stream that names it.
 *
 * @throws IntegrityError `STORE_MISSING` (empty, and may not begin), `STORE_NOT_OURS` (another origin's),
 *   `KEY_MISMATCH` (another key's), `FOREIGN_EVENT`
 */
export async function openKeys(ports: Ports, options: { readonly mayBegin: boolean }): Promise<TrustedKeys> {
  const { attestor, origin, store } = ports;
  const own = trustKeys(origin, [{ keyId: attestor.keyId, publicKey: attestor.publicKey }]);
  const stream = keysStream(origin);
  const { answer } = await handleCommand({
    store,
    stream,
    load: (recorded) => foldKeys(recorded, own),
    decide: async (state) => {
      const { keyId, publicKey } = attestor;
      const ruling = decideAddKey(state, {
        actor: BOOTSTRAP,
        origin,
        keyId,
        purpose: 'attestation',
        publicKey: toBase64(publicKey),
      });
      if (ruling.append.length === 0) return { append: [], answer: ruling.answer };
      await requireEmpty(ports, options.mayBegin);
      const sealed = await sealEvents(ports, {
        stream,
        firstRevision: 0n,
        recordedAtMs: ports.clock.nowMs(),
        facts: ruling.append,
      });
      return { append: sealed.map((event) => event.newEvent), answer: ruling.answer };
    },
  });
  if (answer.kind === 'refused') throw errorOfCode(answer.code, answer.message, answer.details);
  return own;
}

function foldKeys(recorded: readonly RecordedEvent[], own: TrustedKeys): typeof NO_KEYS {
  return recorded.reduce((state, stored) => {
    const { event, attestation } = openEvent(stored);
    if (!isKeyEvent(event)) {
      throw new IntegrityError('FOREIGN_EVENT', `an event of type \`${event.type}\` does not belong to the keys`, {
        stream: stored.stream,
        revision: stored.revision.toString(),
      });
    }
    // Said first, because it is what an operator can mend: the wrong key file.
    if (!own.keys.some((key) => key.keyId === attestation.keyId)) {
      throw new IntegrityError('KEY_MISMATCH', 'the key file is not the key that this ledger recorded', {
        recorded: attestation.keyId,
        atHand: own.keys.map((key) => key.keyId),
      });
    }
    own.verify(attestation, stored);
    return evolveKeys(state, event);
  }, NO_KEYS);
}

function isKeyEvent(event: LedgerEvent): event is KeyEvent {
  return event.type === 'KeyAdded' || event.type === 'KeyRotated' || event.type === 'KeyRevoked';
}

async function requireEmpty({ store, origin }: Ports, mayBegin: boolean): Promise<void> {
  const [first] = await store.readAll({ maxCount: 1 });
  if (first !== undefined) {
    throw new IntegrityError('STORE_NOT_OURS', 'the store belongs to another ledger', { origin, first: first.stream });
  }
  if (!mayBegin) {
    throw new IntegrityError('STORE_MISSING', 'the store is empty, and a ledger is begun only when that is asked for', {
      origin,
    });
  }
}
