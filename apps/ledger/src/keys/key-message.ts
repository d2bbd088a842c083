import type { KeyAnswer, KeysView, KeyView } from '@writ/operations';

import { eventMessage, timestampMessage } from '../executions/receipt-message.js';
import type { Message } from '../grpc/decode-message.js';

const STATE = { current: 1, rotated: 2, revoked: 3 } as const;

/** writ.v1.ListKeysResponse; so for the function below. */
export function keysMessage({ keys, signsWith }: KeysView): Message {
  return { keys: keys.map(keyMessage), signsWith };
}

export function keyAnswerMessage({ key, event, replayed }: KeyAnswer): Message {
  return { key: keyMessage(key), event: eventMessage(event), replayed };
}

function keyMessage({
  keyId,
  purpose,
  publicKey,
  state,
  addedAtMs,
  addedIndex,
  cutOffIndex,
  reason,
}: KeyView): Message {
  return {
    keyId,
    purpose,
    publicKey: Buffer.from(publicKey, 'base64'),
    state: STATE[state],
    addedAt: timestampMessage(addedAtMs),
    ...(addedIndex === undefined ? {} : { addedIndex: addedIndex.toString() }),
    ...(cutOffIndex === undefined ? {} : { cutOffIndex: cutOffIndex.toString() }),
    reason: reason ?? '',
  };
}
