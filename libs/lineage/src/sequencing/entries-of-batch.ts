import { equalBytes, parseBase64, textOf, utf8 } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import type { EventStore, RecordedEvent } from '@writ/event-store';
import type { EntriesSequenced, SequencedRef } from '@writ/ledger';
import { leafHash } from '@writ/merkle';

/** Entries of a batch in its order; `undefined` for one that cannot be had any more. */
export type EntriesOfBatch = readonly (Uint8Array | undefined)[];

export interface FoundEntries {
  readonly entries: EntriesOfBatch;
  /** The first event that the store no longer holds as it was sequenced. */
  readonly damage: IntegrityError | undefined;
}

const PAGE = 1_024;

/**
 * The entries that somebody else's batch gave indices to, from the store: between the place that the batch before it
 * went to and its own, and where they are not there, one by one from their streams. An entry is taken for what it is by
 * its leaf hash, which the batch is signed over, so no signature is looked at. What the store lost, `surviving` may have.
 */
export async function findEntries(
  store: Pick<EventStore, 'readAll' | 'readStream'>,
  batch: EntriesSequenced,
  after: bigint | null,
  surviving: (index: bigint) => Uint8Array | undefined,
): Promise<FoundEntries> {
  const nearby = await readNearby(store, batch, after);
  const entries: (Uint8Array | undefined)[] = [];
  let damage: IntegrityError | undefined;
  for (const ref of batch.refs) {
    const index = BigInt(batch.firstIndex) + BigInt(entries.length);
    const wanted = parseBase64(ref.leafHash, 32);
    const isIt = (entry: Uint8Array | undefined): entry is Uint8Array =>
      entry !== undefined && equalBytes(leafHash(entry), wanted);
    const stored = nearby.get(ref.eventId) ?? (await readOne(store, ref));
    if (isIt(stored)) {
      entries.push(stored);
      continue;
    }
    damage ??= lost(ref, index, stored !== undefined);
    const kept = surviving(index);
    entries.push(isIt(kept) ? kept : undefined);
  }
  return { entries, damage };
}

async function readNearby(
  store: Pick<EventStore, 'readAll'>,
  batch: EntriesSequenced,
  after: bigint | null,
): Promise<Map<string, Uint8Array>> {
  const wanted = new Set<string>(batch.refs.map((ref) => ref.eventId));
  const through = BigInt(batch.through);
  const found = new Map<string, Uint8Array>();
  let from = after ?? undefined;
  while (found.size < wanted.size) {
    const page = await store.readAll(from === undefined ? { maxCount: PAGE } : { after: from, maxCount: PAGE });
    for (const stored of page) {
      const entry = wanted.has(stored.eventId) ? entryIn(stored) : undefined;
      if (entry !== undefined) found.set(stored.eventId, entry);
    }
    const last = page.at(-1);
    if (last === undefined || last.position >= through) break;
    from = last.position;
  }
  return found;
}

async function readOne(store: Pick<EventStore, 'readStream'>, ref: SequencedRef): Promise<Uint8Array | undefined> {
  const [stored] = await store.readStream(ref.stream, { fromRevision: BigInt(ref.revision), maxCount: 1 });
  return stored?.eventId === ref.eventId ? entryIn(stored) : undefined;
}

/** The entry as the attestation spells it; whether it is the right one, its hash tells. */
function entryIn(stored: RecordedEvent): Uint8Array | undefined {
  try {
    const metadata = JSON.parse(textOf(stored.metadata)) as { attestation?: { entry?: unknown } };
    const entry = metadata.attestation?.entry;
    return typeof entry === 'string' ? utf8(entry) : undefined;
  } catch {
    return undefined;
  }
}

function lost({ stream, revision, eventId }: SequencedRef, index: bigint, changed: boolean): IntegrityError {
  const message = changed
    ? 'an event is no longer the one that was sequenced'
    : 'an event that was sequenced is missing in the store';
  return new IntegrityError('LINEAGE_INVALID', message, { index: String(index), stream, revision, eventId });
}
