import { formatInstant } from '@writ/encoding';
import type { KeyAnswer, KeysView, KeyView } from '@writ/operations';

import { eventJson } from '../executions/execution-json.js';

/** Answers as HTTP tells them (see `executions/execution-json.ts`). */
export function keysJson({ keys, signsWith }: KeysView): Record<string, unknown> {
  return { keys: keys.map(keyJson), signsWith };
}

export function keyAnswerJson({ key, event, replayed }: KeyAnswer): Record<string, unknown> {
  return { key: keyJson(key), event: eventJson(event), replayed };
}

function keyJson({ addedAtMs, addedIndex, cutOffIndex, ...key }: KeyView): Record<string, unknown> {
  return {
    ...key,
    addedAt: formatInstant(addedAtMs),
    ...(addedIndex === undefined ? {} : { addedIndex: addedIndex.toString() }),
    ...(cutOffIndex === undefined ? {} : { cutOffIndex: cutOffIndex.toString() }),
  };
}
