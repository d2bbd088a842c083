import { equalBytes, type EventId } from '@writ/encoding';
import { IntegrityError, RejectedError, UnavailableError } from '@writ/errors';
import { readWholeStream } from '@writ/event-store';
import { executionStream, parseMetadata, parseStreamName } from '@writ/ledger';
import type { LocatedEntry, PublishedCheckpoint } from '@writ/lineage';
import { leafHashOf } from './attested-leaf.js';
import { executionNotFound, hasRole, mayEnter, requireExecutionTenant, requireRole } from './authorise.js';
import { indicesBelow } from './covered-events.js';
import type { Engine } from './engine.js';
import { isVisible, openOrReport } from './handle-execution.js';
import type { EntryTarget } from './lineage-operations.js';
import type { CallContext, Principal } from './operations.js';

/**
 * The entry that `target` names, in the tree of `checkpoint`. What the caller may not see is answered exactly as what is
 * not there: an index as one beyond the tree, an event id as one that was never sequenced.
 *
 * @throws RejectedError `ENTRY_NOT_FOUND`, `EXECUTION_NOT_FOUND`, `PERMISSION_DENIED`
 * @throws UnavailableError `NOT_SEQUENCED_YET` where waiting, or a later checkpoint, may help
 */
export async function findEntry(
  engine: Engine,
  context: CallContext,
  target: EntryTarget,
  checkpoint: PublishedCheckpoint,
): Promise<LocatedEntry> {
  requireRole(context.principal, 'read');
  switch (target.kind) {
    case 'index':
      return findByIndex(engine, context.principal, target.index, checkpoint);
    case 'event':
      return findById(engine, context.principal, target.eventId, checkpoint);
    case 'execution':
      return findInExecution(engine, context.principal, target, checkpoint);
  }
}

/**
 * The entry as it was attested, held against its leaf.
 * @throws IntegrityError `LINEAGE_INVALID` where the store has another event at that place, or none
 */
export async function entryTextOf(
  engine: Engine,
  { stream, revision, leafHash, index }: LocatedEntry,
): Promise<string> {
  const [stored] = await engine.ports.store.readStream(stream, { fromRevision: revision, maxCount: 1 });
  const attestation = stored?.revision === revision ? parseMetadata(stored.metadata).attestation : undefined;
  if (attestation !== undefined && equalBytes(leafHashOf(attestation), leafHash)) return attestation.entry;
  throw new IntegrityError('LINEAGE_INVALID', 'the store does not hold the event that the lineage names', {
    index: index.toString(),
    stream,
    revision: revision.toString(),
  });
}

/** Nothing of the execution is in the tree of the checkpoint. */
export function notCoveredYet(checkpoint: PublishedCheckpoint): UnavailableError {
  return new UnavailableError('NOT_SEQUENCED_YET', 'the checkpoint does not cover it', {
    checkpointSize: checkpoint.sizeLeaves.toString(),
    mayHaveHappened: false,
  });
}

async function findByIndex(
  engine: Engine,
  principal: Principal,
  index: bigint,
  checkpoint: PublishedCheckpoint,
): Promise<LocatedEntry> {
  if (index < checkpoint.sizeLeaves) {
    const located = await engine.ports.lineage.entryAt(index);
    if (await mayReadStream(engine, principal, located.stream)) return located;
  }
  throw new RejectedError('ENTRY_NOT_FOUND', 'the tree of the checkpoint has no such entry', {
    index: index.toString(),
    checkpointSize: checkpoint.sizeLeaves.toString(),
  });
}

async function findById(
  engine: Engine,
  principal: Principal,
  eventId: EventId,
  checkpoint: PublishedCheckpoint,
): Promise<LocatedEntry> {
  const { lineage } = engine.ports;
  const [index] = await indicesBelow(engine, [eventId], checkpoint.sizeLeaves);
  const located = index === undefined ? undefined : await lineage.entryAt(index);
  if (located === undefined || !(await mayReadStream(engine, principal, located.stream))) {
    throw notCoveredYet(checkpoint);
  }
  return located;
}

async function findInExecution(
  engine: Engine,
  principal: Principal,
  target: Extract<EntryTarget, { readonly kind: 'execution' }>,
  checkpoint: PublishedCheckpoint,
): Promise<LocatedEntry> {
  requireExecutionTenant(principal, target, 'read');
  const stream = executionStream(target.tenant, target.executionId);
  const { store, lineage } = engine.ports;
  const log = await openOrReport(engine, stream, await readWholeStream(store, stream));
  if (!isVisible(principal, log)) throw executionNotFound(target);
  const eventIds = log.events.map(({ event }) => event.eventId);
  if (target.revision !== undefined && target.revision >= BigInt(eventIds.length)) {
    throw new RejectedError('ENTRY_NOT_FOUND', 'the execution has no event of that revision', {
      revision: target.revision.toString(),
    });
  }
  const indices = await indicesBelow(engine, eventIds, checkpoint.sizeLeaves);
  const covered = indices.filter((index) => index !== undefined);
  const index = target.revision === undefined ? covered.at(-1) : indices[Number(target.revision)];
  if (index === undefined) throw notCoveredYet(checkpoint);
  return lineage.entryAt(index);
}

/** Whether the token would be shown the stream by the calls that read it. */
async function mayReadStream(engine: Engine, principal: Principal, stream: string): Promise<boolean> {
  const name = parseStreamName(stream);
  const audits = hasRole(principal, 'audit');
  switch (name.kind) {
    case 'keys':
    case 'lineage':
      return audits;
    case 'refusals':
      return audits && mayEnter(principal, name.tenant);
    case 'policy':
      return mayEnter(principal, name.tenant);
    case 'execution': {
      if (!mayEnter(principal, name.tenant)) return false;
      // Roles that audit are not bound to actions.
      if (audits) return true;
      return isVisible(
        principal,
        await openOrReport(engine, stream, await readWholeStream(engine.ports.store, stream)),
      );
    }
  }
}
