/**
 * Formats of signed things and how they are verified, pure: attestations, grants, policy publications, stream heads, and
 * the bundle that carries all of them. Whoever holds the public keys can check with this and nothing else.
 * Normative: docs/spec/attestation.md, docs/spec/grant.md, docs/spec/bundle.md.
 */
export { keyIdOf, parseAttestation, type Attestation } from '@writ/ledger';
export { attestationMessage, verifyAttestation } from './attestation.js';
export {
  BUNDLE_FORMAT,
  BUNDLE_LIMITS,
  type Bundle,
  type BundleEvent,
  type BundleStream,
  type BundleStreamRole,
  type StreamHead,
} from './bundle.js';
export { bundleJsonSchema } from './bundle-schema.js';
export {
  ATTESTATION_DOMAIN,
  CHECKPOINT_DOMAIN,
  GRANT_DOMAIN,
  POLICY_PUBLICATION_DOMAIN,
  SIGNING_DOMAINS,
  STREAM_HEAD_DOMAIN,
  type SigningDomain,
} from './domains.js';
export {
  checkGrant,
  encodeGrant,
  grantCovers,
  grantMessage,
  parametersCommitment,
  parseGrant,
  parseSignedGrant,
  verifyGrant,
  type Grant,
  type GrantExpectation,
  type SignedGrant,
} from './grant.js';
export {
  beginKeyChain,
  chainedKeys,
  currentKey,
  cutOffIndexOf,
  followKeys,
  isKeyEvent,
  type KeyChain,
} from './key-chain.js';
export { encodeBundle, parseBundle } from './parse-bundle.js';
export { publicationMessage, type Publication } from './publication.js';
export { isPublicKey, verifySignature, type VerifySignature } from './signature.js';
export { verifyLeaf, type LeafProof, type Trust, type TrustedKey } from './signed-leaf.js';
export { streamHeadMessage, type StreamEnd } from './stream-head.js';
