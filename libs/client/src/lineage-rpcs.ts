import { decodeStanding, present } from './decode-answer.js';
import type { InTenant } from './encode-request.js';
import type { Checkpoint, ConsistencyProof, InclusionProof, StandingAnswer } from './lineage-answers.js';
import type {
  AwaitStandingRequest,
  ConsistencyRequest,
  EvidenceRequest,
  InclusionRequest,
} from './lineage-requests.js';
import { rpcOf } from './rpc.js';
import type { WireStanding } from './wire-types.js';

const reads = { service: 'LineageService', readsOnly: true } as const;

/** The numbers of writ.v1.Standing. */
const WANTED = { sequenced: 2, anchored: 3 } as const;

interface WireCheckpoint {
  readonly note: string;
  readonly size: string;
  readonly root: Uint8Array;
  readonly cosignedBy: number;
}
interface WireInclusion {
  readonly index: string;
  readonly eventId: string;
  readonly entry: string;
  readonly leafHash: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly checkpoint: WireCheckpoint | null;
}
interface WireConsistency {
  readonly oldSize: string;
  readonly path: readonly Uint8Array[];
  readonly checkpoint: WireCheckpoint | null;
}
interface WireStandings {
  readonly reached: boolean;
  readonly events: readonly (WireStanding & {
    readonly revision: string;
    readonly eventId: string;
    readonly type: string;
  })[];
}

export const GET_CHECKPOINT = rpcOf<
  { readonly sizeLeaves?: bigint },
  { readonly checkpoint: WireCheckpoint | null },
  Checkpoint
>({
  ...reads,
  method: 'GetCheckpoint',
  encode: ({ sizeLeaves }) => optional('size', sizeLeaves),
  decode: ({ checkpoint }) => decodeCheckpoint(checkpoint),
});

export const GET_INCLUSION_PROOF = rpcOf<InTenant<InclusionRequest>, WireInclusion, InclusionProof>({
  ...reads,
  method: 'GetInclusionProof',
  encode: encodeInclusion,
  decode: ({ index, checkpoint, ...proof }) => ({
    ...proof,
    index: BigInt(index),
    checkpoint: decodeCheckpoint(checkpoint),
  }),
});

export const GET_TLOG_PROOF = rpcOf<InTenant<InclusionRequest>, { readonly proof: string }, string>({
  ...reads,
  method: 'GetTlogProof',
  encode: encodeInclusion,
  decode: ({ proof }) => proof,
});

export const GET_CONSISTENCY_PROOF = rpcOf<ConsistencyRequest, WireConsistency, ConsistencyProof>({
  ...reads,
  method: 'GetConsistencyProof',
  encode: ({ oldSizeLeaves, newSizeLeaves }) => ({
    oldSize: bits64(oldSizeLeaves),
    ...optional('newSize', newSizeLeaves),
  }),
  decode: ({ oldSize, path, checkpoint }) => ({
    oldSizeLeaves: BigInt(oldSize),
    path,
    checkpoint: decodeCheckpoint(checkpoint),
  }),
});

export const GET_EVIDENCE = rpcOf<InTenant<EvidenceRequest>, { readonly bundle: Uint8Array }, Uint8Array>({
  ...reads,
  method: 'GetEvidence',
  encode: ({ tenant, executionId, checkpointSizeLeaves, withhold = [] }) => ({
    tenant,
    executionId,
    ...optional('checkpointSize', checkpointSizeLeaves),
    ...(withhold === 'all' ? { withholdAll: true } : { withhold }),
  }),
  decode: ({ bundle }) => bundle,
});

export const AWAIT_STANDING = rpcOf<
  InTenant<AwaitStandingRequest>,
  WireStandings,
  Pick<StandingAnswer, 'reached' | 'events'>
>({
  ...reads,
  method: 'AwaitStanding',
  encode: ({ wanted, ...request }) => ({ ...request, wanted: WANTED[wanted] }),
  decode: ({ reached, events }) => ({
    reached,
    events: events.map((event) => ({
      revision: BigInt(event.revision),
      eventId: event.eventId,
      type: event.type,
      ...decodeStanding(event),
    })),
  }),
});

function encodeInclusion({ tenant, target, checkpointSizeLeaves }: InTenant<InclusionRequest>): object {
  return { target: encodeTarget(tenant, target), ...optional('checkpointSize', checkpointSizeLeaves) };
}

function encodeTarget(tenant: string, target: InclusionRequest['target']): object {
  switch (target.kind) {
    case 'index':
      return { index: bits64(target.index) };
    case 'event':
      return { eventId: target.eventId };
    case 'execution':
      return { execution: { tenant, executionId: target.executionId, ...optional('revision', target.revision) } };
  }
}

function decodeCheckpoint(wire: WireCheckpoint | null): Checkpoint {
  const { note, size, root, cosignedBy } = present(wire, 'checkpoint');
  return { note, sizeLeaves: BigInt(size), root, cosignedBy };
}

function optional(name: string, value: bigint | undefined): object {
  return value === undefined ? {} : { [name]: bits64(value) };
}

/** As protobufjs takes 64-bit numbers without a library for them. */
function bits64(value: bigint): object {
  return { low: Number(BigInt.asUintN(32, value)), high: Number(BigInt.asUintN(32, value >> 32n)) };
}
