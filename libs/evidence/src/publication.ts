import { canonicalise } from '@writ/encoding';
import type { Digest, PolicyId, Tenant } from '@writ/encoding';

import { POLICY_PUBLICATION_DOMAIN, domainMessage } from './domains.js';

/** Which document a publication vouches for. */
export interface Publication {
  readonly origin: string;
  readonly tenant: Tenant;
  readonly policyId: PolicyId;
  readonly version: string;
  /** Of the document's canonical form. */
  readonly digest: Digest;
}

/** What is signed when a policy is published: `domain ‖ origin ‖ canonical({digest, policyId, tenant, version})`, lines ended by a newline. */
export function publicationMessage({ origin, tenant, policyId, version, digest }: Publication): Uint8Array {
  return domainMessage(POLICY_PUBLICATION_DOMAIN, origin, canonicalise({ tenant, policyId, version, digest }));
}
