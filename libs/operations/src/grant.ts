import { parseInstant } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import { encodeGrant, type SignedGrant } from '@writ/evidence';
import { decisionAt, keptAt } from './receipt.js';
import type { ExecutionLog } from './execution-log.js';
import type { OperationsPorts } from './ports.js';

/**
 * The grant of the lease that the event at `revision` set. It follows from the stream alone, so a grant made out again
 * has the same payload as the first.
 *
 * @throws IntegrityError `EVENT_INVALID` where the event sets no lease or the parameters' opening is gone
 * @throws UnavailableError `SIGNER_UNAVAILABLE`, `OVERLOADED`
 */
export async function signGrant(
  ports: Pick<OperationsPorts, 'attestor' | 'origin'>,
  log: ExecutionLog,
  revision: bigint,
): Promise<SignedGrant> {
  const { event } = keptAt(log, revision);
  if (event.type !== 'ReservationPlaced' && event.type !== 'ReservationRenewed') {
    throw new IntegrityError('EVENT_INVALID', 'the event sets no lease', { revision: revision.toString() });
  }
  const { tenant, executionId, decisionId, attempt, holderHash, expiresAt, ttlMs } = event.data;
  const decision = decisionAt(log, revision);
  const { action, parameters } = decision.event.data.intent;
  return ports.attestor.grant(
    encodeGrant({
      origin: ports.origin,
      tenant,
      executionId,
      action,
      decisionId,
      attempt,
      holderHash,
      parameters,
      parametersSalt: parametersSalt(log, decision.event.revision),
      issuedAtMs: event.recordedAtMs,
      expiresAtMs: parseInstant(expiresAt),
      ttlMs,
    }),
  );
}

/** Base64 of the salt under which the decision at `revision` commits to its parameters. */
export function parametersSalt(log: ExecutionLog, revision: bigint): string {
  const opening = keptAt(log, revision).openings['parameters'];
  if (opening === undefined) {
    throw new IntegrityError('EVENT_INVALID', 'the opening of the parameters is gone', {
      stream: log.stream,
      revision: revision.toString(),
    });
  }
  return opening.salt;
}
