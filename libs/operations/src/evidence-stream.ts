import { textOf } from '@writ/encoding';
import { streamHeadMessage, type Attestation, type BundleEvent, type BundleStream } from '@writ/evidence';
import { streamRefOf, type LedgerEvent, type Openings } from '@writ/ledger';
import type { PublishedCheckpoint } from '@writ/lineage';
import { verifyInclusion } from '@writ/merkle';
import { leafHashOf } from './attested-leaf.js';
import { indicesBelow } from './covered-events.js';
import type { Engine } from './engine.js';
import { orTileInvalid } from './prove-inclusion.js';

/** An opened event of any stream, as evidence is made of it. */
export interface EvidenceEvent {
  readonly event: LedgerEvent;
  readonly typeVersion: number;
  /** Canonical JSON. */
  readonly data: Uint8Array;
  readonly attestation: Attestation;
  readonly openings?: Openings;
}

/** What is told of one stream, and what is left out of it. */
export interface EvidenceStream {
  readonly stream: string;
  /** Of a salted stream. */
  readonly salt?: Uint8Array;
  /** Opened and verified, from revision 0. */
  readonly events: readonly EvidenceEvent[];
  readonly withholdsData?: (event: LedgerEvent) => boolean;
  readonly withholdsOpening?: (name: string) => boolean;
}

/**
 * The part of a stream that a checkpoint covers, each event with its proof, under a signed head; `undefined` where it
 * covers nothing of it. The signature says that no later event of the stream is in that tree: the indices of a stream
 * ascend with its revisions, so the first event that is not covered ends it.
 *
 * @throws IntegrityError `TILE_INVALID`; UnavailableError `SIGNER_UNAVAILABLE`
 */
export async function evidenceStream(
  engine: Engine,
  checkpoint: PublishedCheckpoint,
  told: EvidenceStream,
): Promise<BundleStream | undefined> {
  const { origin, attestor } = engine.ports;
  // 1. What is covered.
  const eventIds = told.events.map(({ event }) => event.eventId);
  const indices = await indicesBelow(engine, eventIds, checkpoint.sizeLeaves);
  const end = indices.findIndex((index) => index === undefined);
  const covered = end < 0 ? told.events : told.events.slice(0, end);
  const last = covered.at(-1);
  if (last === undefined) return undefined;
  // 2. Each event with its path.
  const events = await Promise.all(
    covered.map((kept, at) => evidenceEvent(engine, checkpoint, told, kept, indices[at] as bigint)),
  );
  // 3. The end of the stream, signed.
  const streamEnd = {
    streamRef: streamRefOf(told.stream, told.salt),
    lastRevision: last.event.revision,
    treeSize: checkpoint.sizeLeaves,
  };
  const signed = await attestor.signStreamHead(streamHeadMessage(origin, streamEnd));
  return {
    stream: told.stream,
    ...(told.salt === undefined ? {} : { salt: told.salt }),
    head: { ...streamEnd, ...signed },
    events,
  };
}

async function evidenceEvent(
  engine: Engine,
  { sizeLeaves, root }: PublishedCheckpoint,
  told: EvidenceStream,
  { event, typeVersion, data, attestation, openings = {} }: EvidenceEvent,
  index: bigint,
): Promise<BundleEvent> {
  const path = await engine.ports.lineage.inclusion(index, sizeLeaves);
  const leafHash = leafHashOf(attestation);
  orTileInvalid({ index: index.toString() }, () => verifyInclusion({ leafHash, index, sizeLeaves, path }, root));
  const shown = Object.entries(openings).filter(([name]) => told.withholdsOpening?.(name) !== true);
  return {
    type: event.type,
    typeVersion,
    ...(told.withholdsData?.(event) === true ? {} : { data: textOf(data) }),
    ...(shown.length === 0 ? {} : { openings: Object.fromEntries(shown) }),
    attestation,
    index,
    path,
  };
}
