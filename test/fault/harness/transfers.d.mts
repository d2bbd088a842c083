import type { CommitRequest, EvaluateRequest, WritClient } from '@writ/client';
import type { SignedGrant } from '@writ/evidence';

export const TENANT: string;
export const POLICY_TEXTS: readonly { readonly policyId: string; readonly version: string; readonly text: string }[];
export function publishTransferPolicies(client: WritClient): Promise<void>;
export function newHolder(): Uint8Array;
export function transfer(
  executionId: string,
  over?: { readonly policyId?: string; readonly amount?: number; readonly holder?: Uint8Array | null },
): EvaluateRequest & { readonly holder: Uint8Array };
export function commitOf(
  request: EvaluateRequest & { readonly holder: Uint8Array },
  grant: SignedGrant,
  over?: Partial<CommitRequest>,
): CommitRequest;
