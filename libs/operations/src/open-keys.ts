import { toBase64 } from '@writ/encoding';
import { IntegrityError, errorOfCode } from '@writ/errors';
import { handleCommand } from '@writ/event-store';
import { beginKeyChain, followKeys, type Trust } from '@writ/evidence';
import { decideAddKey, type Actor } from '@writ/ledger';
import { FollowedKeys } from './followed-keys.js';
import type { OperationsPorts } from './ports.js';
import { sealEvents } from './seal-events.js';

const BOOTSTRAP: Actor = { id: 'bootstrap', role: 'system' };

type Ports = Pick<OperationsPorts, 'store' | 'attestor' | 'randomness' | 'clock' | 'origin'>;

/**
 * Makes sure that the store is this ledger's, and that its key is the one at hand. In an empty store the key becomes the
 * first event (`mayBegin`); a crash before that leaves an empty store, which the next start begins again.
 *
 * The pinned key is what is trusted: it comes from outside the store, and must have attested the stream that names it. Its
 * successors are reached through that stream.
 *
 * @param options.pinned the first key of the ledger; the attestor's own where absent
 * @throws IntegrityError `STORE_MISSING` (empty, and may not begin), `STORE_NOT_OURS` (another origin's),
 *   `KEY_MISMATCH` (another key's), `FOREIGN_EVENT`
 */
export async function openKeys(
  ports: Ports,
  options: { readonly mayBegin: boolean; readonly pinned?: Trust },
): Promise<FollowedKeys> {
  const { attestor, origin } = ports;
  const { keyId, publicKey } = attestor;
  const keys = await FollowedKeys.read(ports.store, options.pinned ?? { origin, keys: [{ keyId, publicKey }] });
  if (keys.state.keys.length === 0) await begin(ports, keys, options.mayBegin);
  if (keys.state.keys.some((key) => key.keyId === keyId)) return keys;
  throw new IntegrityError('KEY_MISMATCH', 'the key file is not the key that this ledger recorded', {
    recorded: keys.state.current,
    atHand: [keyId],
  });
}

async function begin(ports: Ports, keys: FollowedKeys, mayBegin: boolean): Promise<void> {
  const { attestor, origin, store } = ports;
  const { stream } = keys;
  const { answer } = await handleCommand({
    store,
    stream,
    load: (recorded) => followKeys(beginKeyChain(keys.pinned), recorded).state,
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
      await requireEmpty(ports, mayBegin);
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
  await keys.refresh();
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
