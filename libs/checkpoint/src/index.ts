/**
 * What a log signs and what others say about it, in the formats of C2SP: signed notes, checkpoints, cosignatures,
 * verifier keys, trust policies, single proofs. Reads one spelling of each and writes that. Pure: times come in,
 * signatures are made elsewhere. Normative: docs/spec/checkpoint.md, docs/spec/proof.md.
 */
export { formatAddCheckpoint, parseAddCheckpoint, type AddCheckpointRequest } from './add-checkpoint.js';
export { formatCheckpoint, parseCheckpoint, type Checkpoint, type CheckpointOptions } from './checkpoint-text.js';
export { cosignatureMessage, decodeCosignature, encodeCosignature, type Cosignature } from './cosignature.js';
export { isStrictPublicKey, isStrictSignature, verifyEd25519, type VerifyEd25519 } from './ed25519.js';
export { meetsQuorum, type Member, type Quorum } from './quorum.js';
export {
  formatNote,
  formatSignatureLines,
  MAX_SIGNATURES,
  parseNote,
  parseSignatureLines,
  type NoteSignature,
  type SignedNote,
} from './signed-note.js';
export { formatTlogProof, parseTlogProof, type TlogProof } from './tlog-proof.js';
export {
  formatTrustPolicy,
  parseTrustPolicy,
  type TrustedLog,
  type TrustedWitness,
  type TrustPolicy,
} from './trust-policy.js';
export {
  COSIGNATURE_V1_TYPE,
  ED25519_TYPE,
  formatVerifierKey,
  isKeyName,
  parseVerifierKey,
  verifierKey,
  type VerifierKey,
} from './verifier-key.js';
export {
  verifyCheckpoint,
  type VerifiedCheckpoint,
  type VerifiedCosignature,
  type VerifyCheckpointOptions,
} from './verify-checkpoint.js';
export { verifyNote, type VerifiedSigner, type VerifyNoteOptions } from './verify-note.js';
