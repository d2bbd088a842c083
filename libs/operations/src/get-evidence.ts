import type { KeyId } from '@writ/encoding';
import { IntegrityError, RejectedError } from '@writ/errors';
import { readWholeStream, type RecordedEvent } from '@writ/event-store';
import { encodeBundle, type BundleStream } from '@writ/evidence';
import {
  executionStream,
  keysStream,
  openEvent,
  policyStream,
  type ExecutionEvent,
  type ExistingExecution,
  type LedgerEvent,
} from '@writ/ledger';
import type { PublishedCheckpoint } from '@writ/lineage';
import { executionNotFound, requireExecutionTenant } from './authorise.js';
import type { Engine } from './engine.js';
import { evidenceStream, type EvidenceEvent } from './evidence-stream.js';
import type { ExecutionLog } from './execution-log.js';
import { notCoveredYet } from './find-entry.js';
import { isVisible, openOrReport } from './handle-execution.js';
import type { EvidenceRequest } from './lineage-operations.js';
import type { CallContext } from './operations.js';
import { isDecision } from './receipt.js';

const OPENING_NAME = /^(?:subject|parameters|result|commit|signal:.+)$/s;
const MAX_WITHHELD = 1_024;

/**
 * Everything that proves one execution, as one file: its events, its policy and the keys, as far as one checkpoint
 * covers them (docs/spec/bundle.md).
 *
 * @throws RejectedError `EXECUTION_NOT_FOUND`, `CHECKPOINT_UNKNOWN`, `BUNDLE_INVALID` (larger than a reader takes)
 * @throws UnavailableError `NOT_SEQUENCED_YET`: the checkpoint covers none of its events
 * @throws IntegrityError `FOREIGN_EVENT`, `TILE_INVALID`, `LINEAGE_INVALID`
 */
export async function getEvidence(engine: Engine, context: CallContext, request: EvidenceRequest): Promise<Uint8Array> {
  const { tenant, executionId } = request;
  const { store, lineage, origin } = engine.ports;
  // 1. The execution, as far as the caller may see it.
  requireExecutionTenant(context.principal, request, 'read');
  const withholdsOpening = withholding(request);
  const stream = executionStream(tenant, executionId);
  const log = await openOrReport(engine, stream, await readWholeStream(store, stream));
  if (!isVisible(context.principal, log)) throw executionNotFound(request);
  // 2. As of which size.
  const checkpoint = await lineage.checkpoint(request.checkpointSizeLeaves);
  // 3. The execution's own events.
  const salt = log.streamSalt as Uint8Array; // an execution that is there has one
  const execution = await evidenceStream(engine, checkpoint, { stream, salt, events: log.events, withholdsOpening });
  if (execution === undefined) throw notCoveredYet(checkpoint);
  // 4. The policy that decided, and the keys. Their first events precede every decision.
  const policy = required(await policyEvidence(engine, checkpoint, request, log), checkpoint);
  const keys = required(await keyEvidence(engine, checkpoint, request), checkpoint);
  // 5. One file.
  return encodeBundle({
    origin,
    tenant,
    executionId,
    checkpoint: checkpoint.note,
    streams: { execution, policy, keys },
  });
}

/** Documents that decided nothing here are left out: they may be large, and concern others. */
async function policyEvidence(
  engine: Engine,
  checkpoint: PublishedCheckpoint,
  { tenant }: EvidenceRequest,
  log: ExecutionLog,
): Promise<BundleStream | undefined> {
  const { first } = log.state as ExistingExecution;
  const policyLog = await engine.policies.read(tenant, first.policyId);
  const decided = new Set(log.events.map(({ event }) => versionThatDecided(event)));
  const withholdsData = (event: LedgerEvent): boolean =>
    event.type === 'PolicyPublished' && !decided.has(event.data.version);
  const stream = policyStream(tenant, first.policyId);
  return evidenceStream(engine, checkpoint, { stream, events: policyLog.events, withholdsData });
}

/**
 * The keys, told last. Where a key was rotated in a moment ago and signs the heads by now, the latest checkpoint may not
 * tell of it yet: the next one does. At a checkpoint of long ago such heads need the newer key among those pinned.
 */
async function keyEvidence(
  engine: Engine,
  checkpoint: PublishedCheckpoint,
  { checkpointSizeLeaves }: EvidenceRequest,
): Promise<BundleStream | undefined> {
  const stream = keysStream(engine.ports.origin);
  const recorded = await readWholeStream(engine.ports.store, stream);
  const open = (stored: RecordedEvent): EvidenceEvent => {
    const { event, attestation } = openEvent(stored);
    engine.keys.verify(attestation, stored);
    return { event, typeVersion: stored.typeVersion, data: stored.data, attestation };
  };
  const events = await engine.keys.opening(recorded, () => recorded.map(open));
  const told = await evidenceStream(engine, checkpoint, { stream, events });
  const covered = events.slice(0, told?.events.length);
  const knowsSigner = covered.some(({ event }) => bringsKey(event, told?.head.keyId));
  if (checkpointSizeLeaves === undefined && !knowsSigner) throw notCoveredYet(checkpoint);
  return told;
}

function bringsKey(event: LedgerEvent, keyId: KeyId | undefined): boolean {
  return (event.type === 'KeyAdded' || event.type === 'KeyRotated') && event.data.keyId === keyId;
}

function versionThatDecided(event: ExecutionEvent): string | undefined {
  return isDecision(event) ? event.data.policy?.version : undefined;
}

function required(stream: BundleStream | undefined, checkpoint: PublishedCheckpoint): BundleStream {
  if (stream !== undefined) return stream;
  throw new IntegrityError('LINEAGE_INVALID', 'a decision is in the tree before its policy or its key', {
    checkpointSize: checkpoint.sizeLeaves.toString(),
  });
}

/** A name that no opening can have is a mistake that would show what was to be withheld. */
function withholding({ withhold = [] }: EvidenceRequest): (name: string) => boolean {
  if (withhold === 'all') return () => true;
  if (withhold.length > MAX_WITHHELD || !withhold.every((name) => OPENING_NAME.test(name))) {
    throw new RejectedError(
      'REQUEST_INVALID',
      '`withhold` names `subject`, `parameters`, `result`, or `signal:` and the name of a signal',
      { field: 'withhold' },
    );
  }
  const names = new Set(withhold);
  return (name) => names.has(name);
}
