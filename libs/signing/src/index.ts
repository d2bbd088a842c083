/**
 * Keys and signatures: key files, signers, micro-batched attestations and grants, and bulk verification.
 * `docs/spec/attestation.md` says what is signed, `docs/decisions/0004-signing.md` where and why there.
 */
export { AttestationKey } from './attestation-key.js';
export {
  createAttestor,
  type Attestor,
  type AttestorCounts,
  type AttestorOptions,
  type DetachedSignature,
  type LeafToAttest,
} from './attestor.js';
export { BatchVerdicts } from './batch-verdicts.js';
export { createSigner, fastSigner } from './fast-signer.js';
export { eraseSecret, generateKeyFile, readKeyFile, readPublicHalf, type PublicHalf } from './key-file.js';
export { memoryKeyRing, openKeyRing, successorPath, type KeyRing } from './key-ring.js';
export { NoteKey, type NoteKeyPurpose, type NoteSigner } from './note-key.js';
export { drawNoteKey, generateNoteKeyFile, readNoteKeyFile } from './note-key-file.js';
export { installOpensslSha256 } from './openssl-sha256.js';
export { opensslVerifyEd25519 } from './openssl-verify-ed25519.js';
export { opensslVerify } from './openssl-verify.js';
export { type KeySource } from './open-signer.js';
export { nobleSigner, type Signer } from './signer.js';
export type { TrustedKey } from '@writ/evidence';
export { SwitchingAttestor } from './switching-attestor.js';
export { createVerifier, type Verifier, type VerifierOptions } from './verifier.js';
