import { toBase64, type KeyId } from '@writ/encoding';
import { ConflictError, RejectedError } from '@writ/errors';
import { decideRotateKey, type KeyRuling, type KeyStreamState } from '@writ/ledger';
import type { TrustedKey } from '@writ/signing';
import { requireLedger } from './authorise.js';
import { changeKeys } from './change-keys.js';
import type { Engine } from './engine.js';
import type { KeyAnswer, RotateKeyRequest } from './key-operations.js';
import type { CallContext } from './operations.js';

/**
 * Puts a new key in the place of the current one, on a ledger that goes on working: decisions that the former key signed may
 * still be appended after the rotation, and count.
 *
 * @throws ConflictError `KEY_ROTATION_STALE` (another key is current), RejectedError `KEY_FILE_INVALID`, IntegrityError
 *   `KEY_MISMATCH` (this node does not have the current key); and the errors of store, signer, clock and deadline
 */
export async function rotateKey(engine: Engine, context: CallContext, request: RotateKeyRequest): Promise<KeyAnswer> {
  const { ports, keys } = engine;
  // 1. Only operators of the whole ledger, and one at a time.
  requireLedger(context.principal, 'govern');
  return ports.nodeKeys.alone(async () => {
    // 2. Which key goes. One that has gone already is a repeated call: its successor is the answer.
    await keys.refresh();
    const replaces = request.replaces ?? keys.state.current;
    const successor = successorOf(keys.state, replaces);
    if (successor !== undefined) return changeKeys(engine, context, () => replayed(successor.addedRevision));
    requireStillCurrent(keys.state, replaces);
    // 3. Which key comes: durable, and proven to sign, before anything says so. A crash leaves it unused.
    const next = await nextKey(engine, request.next);
    // 4. The event, attested by the key that goes; then the one that comes signs.
    return changeKeys(engine, context, (state) => {
      requireStillCurrent(state, replaces);
      return decideRotateKey(state, {
        actor: context.principal.actor,
        origin: ports.origin,
        keyId: next.keyId,
        purpose: 'attestation',
        publicKey: toBase64(next.publicKey),
      });
    });
  });
}

async function nextKey({ ports }: Engine, wanted: KeyId | undefined): Promise<TrustedKey> {
  const keyId = wanted ?? (await ports.nodeKeys.create(ports.clock.nowMs())).keyId;
  const key = await ports.nodeKeys.prepare(keyId);
  if (key !== undefined) return key;
  throw new RejectedError('KEY_FILE_INVALID', 'the next key is not at hand beside the current one', { keyId });
}

function successorOf(state: KeyStreamState, replaces: KeyId | null) {
  const rotated = state.keys.find(({ keyId }) => keyId === replaces)?.rotatedRevision ?? null;
  return rotated === null ? undefined : state.keys.find(({ addedRevision }) => addedRevision === rotated);
}

/** Asked again on what the append stands on: another node may have rotated in between. */
function requireStillCurrent({ current }: KeyStreamState, replaces: KeyId | null): void {
  if (current !== null && current === replaces) return;
  throw new ConflictError('KEY_ROTATION_STALE', 'the key to be replaced is not the current one', { replaces, current });
}

function replayed(revision: bigint): KeyRuling {
  return { append: [], answer: { kind: 'done', revision, replayed: true } };
}
