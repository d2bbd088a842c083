import { setTimeout as sleep } from 'node:timers/promises';
import { toBase64, type KeyId } from '@writ/encoding';
import { RejectedError, UnavailableError } from '@writ/errors';
import { decideRevokeKey } from '@writ/ledger';
import { requireLedger } from './authorise.js';
import { changeKeys } from './change-keys.js';
import type { Engine } from './engine.js';
import { readKeyLog, type KeyLog } from './key-log.js';
import type { KeyAnswer, RevokeKeyRequest } from './key-operations.js';
import type { CallContext } from './operations.js';
import { requireReason } from './reason.js';

/** How long the tree may take to reach what the store holds; on a ledger that works it is a second. */
const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/**
 * Ends a key: nothing that it signed at the cut-off index or after it counts. Without a cut-off that is the size of the
 * tree once all that the store holds now is in it, so that nothing is lost that the key signed in good faith.
 *
 * @throws RejectedError `KEY_IN_USE` (rotate first), `REQUEST_INVALID` (unknown key; a cut-off beyond the tree, or before the
 *   events by which the key brought others); UnavailableError `NOT_SEQUENCED_YET`; and as `changeKeys`
 */
export async function revokeKey(engine: Engine, context: CallContext, request: RevokeKeyRequest): Promise<KeyAnswer> {
  const { ports, keys } = engine;
  const { keyId, reason } = request;
  // 1. Only operators of the whole ledger, and one at a time.
  requireLedger(context.principal, 'govern');
  requireReason(reason, 1);
  return ports.nodeKeys.alone(async () => {
    // 2. A recorded key that does not sign any more.
    await keys.refresh();
    const log = await readKeyLog(engine);
    const key = log.state.keys.find((known) => known.keyId === keyId);
    if (key === undefined) {
      throw new RejectedError('REQUEST_INVALID', 'the ledger has recorded no such key', { field: 'key_id', keyId });
    }
    if (log.state.current === keyId) {
      throw new RejectedError('KEY_IN_USE', 'the key signs now: rotate first', { keyId });
    }
    // 3. From which leaf on.
    await ports.nodeKeys.settled(keyId);
    const cutOffIndex = key.revocation?.cutOffIndex ?? (await cutOffOf(engine, log, request));
    // 4. The event, attested by the current key. A crash before it changes nothing; after it every node learns of it.
    return changeKeys(engine, context, (state) =>
      decideRevokeKey(state, {
        actor: context.principal.actor,
        origin: ports.origin,
        keyId,
        purpose: key.purpose,
        publicKey: toBase64(key.publicKey),
        cutOffIndex: cutOffIndex.toString(),
        reason,
      }),
    );
  });
}

async function cutOffOf(engine: Engine, log: KeyLog, request: RevokeKeyRequest): Promise<bigint> {
  const { lineage } = engine.ports;
  // The tree must reach the keys as they are: all that is asked of it here lies below that.
  const eventIds = log.events.map(({ event }) => event.eventId);
  await lineage.awaitStanding(eventIds, 'sequenced', { timeoutMs: PATIENCE_MS });
  const sizeLeaves = request.cutOffIndex === undefined ? await sizeOfAll(engine) : (await lineage.status()).sizeLeaves;
  const cutOffIndex = request.cutOffIndex ?? sizeLeaves;
  const earliest = await firstPossibleCutOff(engine, log, request.keyId);
  if (cutOffIndex >= earliest && cutOffIndex <= sizeLeaves) return cutOffIndex;
  throw new RejectedError(
    'REQUEST_INVALID',
    'the cut-off must lie within the tree, and after the events by which the key brought others',
    { field: 'cut_off_index', earliest: earliest.toString(), treeSize: sizeLeaves.toString() },
  );
}

/** Behind the last key event that the key attested: a cut-off before it would take its successors away with it. */
async function firstPossibleCutOff({ ports }: Engine, { events }: KeyLog, keyId: KeyId): Promise<bigint> {
  const attested = events.filter(({ attestation }) => attestation.keyId === keyId);
  const indices = await Promise.all(attested.map(({ event }) => ports.lineage.indexOf(event.eventId)));
  return indices.reduce((last, index) => (index >= last ? index + 1n : last), 0n);
}

/** The size of the tree once it holds what the store held when this was asked. */
async function sizeOfAll({ ports }: Engine): Promise<bigint> {
  const asked = await ports.lineage.status();
  const wantedLeaves = asked.sizeLeaves + BigInt(asked.behind);
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const { sizeLeaves, behind } = await ports.lineage.status();
    if (behind === 0 || sizeLeaves >= wantedLeaves) return sizeLeaves;
    if (performance.now() > endMs) {
      throw new UnavailableError('NOT_SEQUENCED_YET', 'the tree does not reach what the store holds', { behind });
    }
    await sleep(LOOK_EVERY_MS);
  }
}
