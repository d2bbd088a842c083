import { toBase64 } from '@writ/encoding';
import type { Operations, StandingAnswer } from '@writ/operations';

import { standingJson } from '../executions/execution-json.js';

type Json = Record<string, unknown>;
type Answer<Method extends 'getCheckpoint' | 'proveInclusion' | 'proveConsistency'> = Awaited<
  ReturnType<Operations[Method]>
>;

/** Answers as HTTP tells them: sizes and indices as decimal strings, hashes in base64. */
export function checkpointJson({ note, sizeLeaves, root, cosignedBy }: Answer<'getCheckpoint'>): Json {
  return { note, size: sizeLeaves.toString(), root: toBase64(root), cosignedBy };
}

export function inclusionJson(proof: Answer<'proveInclusion'>): Json {
  const { index, eventId, entry, leafHash, path, checkpoint } = proof;
  return {
    index: index.toString(),
    eventId,
    entry,
    leafHash: toBase64(leafHash),
    path: path.map(toBase64),
    checkpoint: checkpointJson(checkpoint),
  };
}

export function consistencyJson({ oldSizeLeaves, path, checkpoint }: Answer<'proveConsistency'>): Json {
  return { oldSize: oldSizeLeaves.toString(), path: path.map(toBase64), checkpoint: checkpointJson(checkpoint) };
}

export function standingAnswerJson({ tenant, executionId, reached, events }: StandingAnswer): Json {
  return {
    tenant,
    executionId,
    reached,
    events: events.map(({ revision, eventId, type, ...standing }) => ({
      revision: revision.toString(),
      eventId,
      type,
      ...standingJson(standing),
    })),
  };
}
