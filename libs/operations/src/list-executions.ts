import { RejectedError } from '@writ/errors';
import { mayAskFor, requireTenant } from './authorise.js';
import type { Engine } from './engine.js';
import type { CallContext, ListExecutionsAnswer, ListExecutionsRequest } from './operations.js';

const MAX_PAGE_SIZE = 1_000;

/** Executions of a tenant by state and time of their last change, newest first; from the index, which lags a little. */
export async function listExecutions(
  engine: Engine,
  context: CallContext,
  request: ListExecutionsRequest,
): Promise<ListExecutionsAnswer> {
  requireTenant(context.principal, request.tenant, 'read');
  const { pageSize } = request;
  if (pageSize !== undefined && (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE)) {
    throw new RejectedError('REQUEST_INVALID', `\`pageSize\` must be from 1 to ${MAX_PAGE_SIZE}`, {
      field: 'pageSize',
    });
  }
  const answer = await engine.ports.index.list(request, engine.ports.clock.nowMs());
  // A caller sees the executions of its own actions; a page may then be short although another one follows.
  return { ...answer, executions: answer.executions.filter(({ action }) => mayAskFor(context.principal, action)) };
}
