import { IntegrityError, LedgerError, errorOfCode } from '@writ/errors';
import { handleCommand } from '@writ/event-store';
import { beginKeyChain, followKeys } from '@writ/evidence';
import type { KeyRuling, KeyStreamState } from '@writ/ledger';
import { opensslVerify } from '@writ/signing';
import { patienceOf, requireTimeLeft } from './deadline.js';
import type { Engine } from './engine.js';
import { keyEventReceipt, keyViews, readKeyLog } from './key-log.js';
import type { KeyAnswer } from './key-operations.js';
import type { CallContext } from './operations.js';
import { sealEvents } from './seal-events.js';

/**
 * The way of every change of the keys: read → rule → sign with the current key → append → sign with what follows.
 *
 * @throws what the ruling refuses with; IntegrityError `KEY_MISMATCH` where this node does not have the current key; and the
 *   errors of store, signer, clock and deadline
 */
export async function changeKeys(
  engine: Engine,
  context: CallContext,
  rule: (state: KeyStreamState) => KeyRuling,
): Promise<KeyAnswer> {
  const { ports, keys } = engine;
  // 1. Rule, sign, append. A crash before the append leaves at most a key file that signs nothing.
  const { answer } = await handleCommand<KeyStreamState, KeyRuling['answer']>({
    store: ports.store,
    stream: keys.stream,
    load: (recorded) => followKeys(beginKeyChain(keys.pinned), recorded, opensslVerify).state,
    decide: async (state) => {
      const ruling = rule(state);
      if (ruling.append.length === 0) return { append: [], answer: ruling.answer };
      requireCurrentKey(engine, state);
      const wallMs = ports.clock.nowMs();
      requireTimeLeft(context, wallMs);
      const sealed = await sealEvents(ports, {
        stream: keys.stream,
        firstRevision: state.lastRevision + 1n,
        recordedAtMs: Math.max(wallMs, state.lastRecordedAtMs),
        facts: ruling.append,
        trace: context.traceparent,
      });
      return { append: sealed.map((event) => event.newEvent), answer: ruling.answer };
    },
    ...patienceOf(context, ports.clock.nowMs()),
  });
  if (answer.kind === 'refused') throw errorOfCode(answer.code, answer.message, answer.details);
  // 2. Trust what follows, then sign with it. A crash here changes nothing: the next start asks the stream which key signs.
  await keys.refresh();
  await adoptOrTell(engine);
  // 3. Tell.
  const log = await readKeyLog(engine);
  const event = keyEventReceipt(log, answer.revision);
  const changed = log.events[Number(answer.revision)]?.event.data.keyId;
  const key = (await keyViews(engine, log)).find(({ keyId }) => keyId === changed);
  if (key === undefined) throw new Error('a change of the keys names a key');
  return { key, event, replayed: answer.replayed };
}

function requireCurrentKey({ ports }: Engine, { current }: KeyStreamState): void {
  const { keyId } = ports.attestor;
  if (keyId === current) return;
  throw new IntegrityError('KEY_MISMATCH', 'this node does not have the key that signs now; ask one that has', {
    current,
    atHand: [keyId],
  });
}

/** The change is durable whether or not this node can follow at once: it goes on looking (`NodeKeys`). */
async function adoptOrTell({ ports }: Engine): Promise<void> {
  try {
    await ports.nodeKeys.adopt();
  } catch (error) {
    const code = error instanceof LedgerError ? error.code : 'UNEXPECTED';
    const message = error instanceof Error ? error.message : 'unknown';
    ports.onAlarm({ kind: 'background_failure', task: 'sign with the new key', code, message });
  }
}
