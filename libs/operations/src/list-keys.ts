import { requireRole } from './authorise.js';
import type { Engine } from './engine.js';
import { keyViews, readKeyLog } from './key-log.js';
import type { KeysView } from './key-operations.js';
import type { CallContext } from './operations.js';

/** A key that was just brought gets its index within a moment; where it does not, that is told. */
const PATIENCE_MS = 1_000;

/** Every key that this ledger has recorded. Public keys are no secret: whoever may read anything may read them. */
export async function listKeys(engine: Engine, context: CallContext): Promise<KeysView> {
  requireRole(context.principal, 'read');
  const log = await readKeyLog(engine);
  const eventIds = log.state.keys.map(({ eventId }) => eventId);
  await engine.ports.lineage.awaitStanding(eventIds, 'sequenced', { timeoutMs: PATIENCE_MS });
  return { keys: await keyViews(engine, log), signsWith: engine.ports.attestor.keyId };
}
