import type { ExecutionId, Tenant } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { Principal } from './operations.js';

/** What a call does, as far as roles care. */
export type Access =
  /** Decide, reserve, renew, commit, release. */
  | 'run'
  /** Look at executions, decisions and policies, and at what proves them. */
  | 'read'
  /** Look at the whole log, whoever's the entries are. */
  | 'audit'
  /** Reconcile; publish, activate and retire policies. */
  | 'govern';

const ALLOWED = {
  caller: ['run', 'read'],
  auditor: ['read', 'audit'],
  operator: ['run', 'read', 'audit', 'govern'],
  system: ['run', 'read', 'audit', 'govern'],
} as const satisfies Record<Principal['actor']['role'], readonly Access[]>;

/** @throws RejectedError `PERMISSION_DENIED` unless the role may do this at all. */
export function requireRole(principal: Principal, access: Access): void {
  if (!hasRole(principal, access)) {
    throw new RejectedError('PERMISSION_DENIED', `the role \`${principal.actor.role}\` does not allow this call`, {
      role: principal.actor.role,
      access,
    });
  }
}

export function hasRole(principal: Principal, access: Access): boolean {
  const allowed: readonly Access[] = ALLOWED[principal.actor.role];
  return allowed.includes(access);
}

/**
 * For calls that name no existing execution. What is answered depends on the token alone, never on what the tenant holds.
 * @throws RejectedError `PERMISSION_DENIED`
 */
export function requireTenant(principal: Principal, tenant: Tenant, access: Access): void {
  requireRole(principal, access);
  if (!mayEnter(principal, tenant)) {
    throw new RejectedError('PERMISSION_DENIED', 'the token does not reach this tenant', { tenant });
  }
}

/**
 * For calls that concern all tenants at once.
 * @throws RejectedError `PERMISSION_DENIED`
 */
export function requireLedger(principal: Principal, access: Access): void {
  requireRole(principal, access);
  if (principal.tenants !== '*') {
    throw new RejectedError('PERMISSION_DENIED', 'the token does not reach all tenants of the ledger', { access });
  }
}

/**
 * For calls that name an execution: a tenant out of reach is answered exactly as an execution that does not exist, so
 * that nobody can find out ids of others.
 * @throws RejectedError `PERMISSION_DENIED` (the role), `EXECUTION_NOT_FOUND`
 */
export function requireExecutionTenant(
  principal: Principal,
  name: { readonly tenant: Tenant; readonly executionId: ExecutionId },
  access: Access,
): void {
  requireRole(principal, access);
  if (!mayEnter(principal, name.tenant)) throw executionNotFound(name);
}

/** @throws RejectedError `PERMISSION_DENIED` when the token does not cover the intent's action. */
export function requireAction(principal: Principal, action: string): void {
  if (!mayAskFor(principal, action)) {
    throw new RejectedError('PERMISSION_DENIED', 'the token does not cover this action', { action });
  }
}

/** `true` when the token covers the intent's action; roles other than `caller` are not bound to actions. */
export function mayAskFor(principal: Principal, action: string): boolean {
  return principal.actor.role !== 'caller' || principal.actions === '*' || principal.actions.includes(action);
}

/** One error for "not there", "not yours" and "not of your actions". */
export function executionNotFound(name: { readonly tenant: Tenant; readonly executionId: ExecutionId }): RejectedError {
  return new RejectedError('EXECUTION_NOT_FOUND', 'no such execution in this tenant', {
    tenant: name.tenant,
    executionId: name.executionId,
  });
}

/** `true` when the token reaches the tenant. */
export function mayEnter(principal: Principal, tenant: Tenant): boolean {
  return principal.tenants === '*' || principal.tenants.includes(tenant);
}
