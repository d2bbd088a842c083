import type { NewEvent } from '@writ/event-store';
import { encodeMetadata, prepareAll, type EventType, type Fact, type Openings, type PreparedEvent } from '@writ/ledger';
import type { Attestation } from '@writ/evidence';
import type { OperationsPorts } from './ports.js';

/** Facts that are to be appended together, and where they will stand. */
export interface FactsToSeal<T extends EventType> {
  readonly stream: string;
  /** Of a salted stream; drawn by the caller for a stream that does not exist yet. */
  readonly streamSalt?: Uint8Array | undefined;
  readonly firstRevision: bigint;
  readonly recordedAtMs: number;
  readonly facts: readonly Fact<T>[];
  /** What the commitments of a fact open to; goes into metadata. */
  readonly openingsOf?: (fact: Fact<T>) => KnownOpenings | undefined;
  readonly trace?: string | undefined;
}

export interface KnownOpenings {
  readonly openings: Openings;
  /** Their canonical text, where somebody has it. */
  readonly text?: string;
}

/** An event that is signed and ready to append, beside what it will be read back as. */
export interface SealedEvent<T extends EventType = EventType> {
  readonly prepared: PreparedEvent<T>;
  readonly attestation: Attestation;
  readonly openings: Openings;
  readonly newEvent: NewEvent;
}

const NONCE_BYTES = 16;

/**
 * Gives each fact an id, a nonce and a place, signs their entries in one batch, and lays out the metadata. Nothing is
 * recorded yet: a crash after this leaves a signature over an event that never was, which proves nothing (design: an
 * attestation proves what was signed, not what was recorded).
 *
 * @throws UnavailableError `SIGNER_UNAVAILABLE`, `OVERLOADED`
 */
export async function sealEvents<T extends EventType>(
  ports: Pick<OperationsPorts, 'attestor' | 'randomness'>,
  toSeal: FactsToSeal<T>,
): Promise<readonly SealedEvent<T>[]> {
  const { stream, streamSalt, firstRevision, recordedAtMs, facts, openingsOf, trace } = toSeal;
  const prepared = prepareAll(facts, {
    stream,
    ...(streamSalt === undefined ? {} : { streamSalt }),
    firstRevision,
    recordedAtMs,
    identify: () => ({ eventId: ports.randomness.eventId(), nonce: ports.randomness.bytes(NONCE_BYTES) }),
  });
  const attestations = await ports.attestor.attest(prepared);
  return prepared.map((event, at) => {
    const attestation = attestations[at] as Attestation; // one per leaf, in order
    const fact = facts[at] as Fact<T>;
    const known = openingsOf?.(fact);
    const metadata = encodeMetadata(
      {
        attestation,
        ...(event.event.revision === 0n && streamSalt !== undefined ? { streamSalt } : {}),
        ...(known === undefined ? {} : { openings: known.openings }),
        ...(trace === undefined ? {} : { trace }),
      },
      known?.text,
    );
    const { eventId } = event.event;
    const { type, typeVersion, data } = event;
    return {
      prepared: event,
      attestation,
      openings: known?.openings ?? {},
      newEvent: { eventId, type, typeVersion, data, metadata },
    };
  });
}
