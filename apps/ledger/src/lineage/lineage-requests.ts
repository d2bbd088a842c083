import { parseEventId } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type {
  AwaitStandingRequest,
  CheckpointRequest,
  ConsistencyRequest,
  EntryTarget,
  EvidenceRequest,
  InclusionRequest,
} from '@writ/operations';

import { readName } from '../executions/execution-requests.js';
import type { Message } from '../grpc/decode-message.js';
import { counterField, field, numberField } from '../grpc/read-field.js';
import type { Bits64 } from '../grpc/wire-reader.js';

/** By number of writ.v1.Standing; recorded is nothing to wait for. */
const WANTED = [undefined, undefined, 'sequenced', 'anchored'] as const;

/** Of the messages of writ.v1.LineageService; all throw RejectedError. */
export function readGetCheckpoint(message: Message): CheckpointRequest {
  const sizeLeaves = optionalCounter('size', message['size']);
  return sizeLeaves === undefined ? {} : { sizeLeaves };
}

export function readInclusion(message: Message): InclusionRequest {
  return { target: readTarget(message['target'] as Message | undefined), ...readCheckpointSize(message) };
}

export function readConsistency(message: Message): ConsistencyRequest {
  const newSizeLeaves = optionalCounter('new_size', message['newSize']);
  return {
    oldSizeLeaves: counterField('old_size', message['oldSize'] as Bits64),
    ...(newSizeLeaves === undefined ? {} : { newSizeLeaves }),
  };
}

export function readEvidence(message: Message): EvidenceRequest {
  const withhold = message['withholdAll'] === true ? 'all' : (message['withhold'] as string[]);
  return { ...readName(message), ...readCheckpointSize(message), withhold };
}

export function readAwaitStanding(message: Message): AwaitStandingRequest {
  const wanted = WANTED[message['wanted'] as number];
  if (wanted === undefined) {
    throw new RejectedError('REQUEST_INVALID', '`wanted` must be SEQUENCED or ANCHORED', { field: 'wanted' });
  }
  const timeoutMs = numberField('timeout_ms', message['timeoutMs'] as Bits64);
  return { ...readName(message), wanted, timeoutMs };
}

function readTarget(target: Message | undefined): EntryTarget {
  const { index, eventId, execution } = target ?? {};
  if ([index, eventId, execution].filter((one) => one !== undefined).length !== 1) {
    throw new RejectedError('REQUEST_INVALID', '`target` names an index, an event id or an execution', {
      field: 'target',
    });
  }
  if (index !== undefined) return { kind: 'index', index: counterField('target.index', index as Bits64) };
  if (eventId !== undefined) {
    return { kind: 'event', eventId: field('target.event_id', () => parseEventId(eventId)) };
  }
  const entry = execution as Message;
  const revision = optionalCounter('target.execution.revision', entry['revision']);
  return { kind: 'execution', ...readName(entry), ...(revision === undefined ? {} : { revision }) };
}

function readCheckpointSize(message: Message): { checkpointSizeLeaves?: bigint } {
  const checkpointSizeLeaves = optionalCounter('checkpoint_size', message['checkpointSize']);
  return checkpointSizeLeaves === undefined ? {} : { checkpointSizeLeaves };
}

function optionalCounter(name: string, bits: unknown): bigint | undefined {
  return bits === undefined ? undefined : counterField(name, bits as Bits64);
}
