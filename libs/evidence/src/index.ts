export {
  ATTESTATION_DOMAIN,
  GRANT_DOMAIN,
  POLICY_PUBLICATION_DOMAIN,
  STREAM_HEAD_DOMAIN,
  attestationMessage,
  grantMessage,
  keyIdOf,
} from './domains.js';
export type { SignedGrant } from './signed-grant.js';
