import type { Operations, StandingAnswer } from '@writ/operations';

import { standingMessage, uint64 } from '../executions/receipt-message.js';
import type { Message } from '../grpc/decode-message.js';

type Answer<Method extends keyof Operations> = Awaited<
  ReturnType<Extract<Operations[Method], (...args: never) => unknown>>
>;

/** writ.v1.Checkpoint; so for the functions below. */
export function checkpointMessage(checkpoint: Answer<'getCheckpoint'>): Message {
  const { note, sizeLeaves, root, cosignedBy } = checkpoint;
  return { note, size: uint64(sizeLeaves), root, cosignedBy };
}

export function inclusionMessage(proof: Answer<'proveInclusion'>): Message {
  const { index, eventId, entry, leafHash, path, checkpoint } = proof;
  return { index: uint64(index), eventId, entry, leafHash, path, checkpoint: checkpointMessage(checkpoint) };
}

export function consistencyMessage({ oldSizeLeaves, path, checkpoint }: Answer<'proveConsistency'>): Message {
  return { oldSize: uint64(oldSizeLeaves), path, checkpoint: checkpointMessage(checkpoint) };
}

export function standingAnswerMessage({ reached, events }: StandingAnswer): Message {
  return {
    reached,
    events: events.map(({ revision, eventId, type, ...standing }) => ({
      revision: uint64(revision),
      eventId,
      type,
      ...standingMessage(standing),
    })),
  };
}
