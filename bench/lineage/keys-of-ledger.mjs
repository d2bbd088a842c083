/** The first event of a ledger that is made by hand. */
import { openKeys } from '../../libs/operations/dist/index.js';

export function keysOfLedger({ store, attestor, randomness, origin }) {
  return openKeys({ store, attestor, randomness, origin, clock: { nowMs: Date.now } }, { mayBegin: true });
}
