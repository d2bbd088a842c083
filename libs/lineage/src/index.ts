/**
 * One Merkle tree under everything: the sequencer that gives every event its index, tiles, checkpoints under the mark,
 * and the proofs made from them. docs/spec/checkpoint.md and docs/spec/proof.md are normative.
 */
export type {
  AnchoredStanding,
  Lineage,
  LineageStatus,
  LocatedEntry,
  PublishedCheckpoint,
  Standing,
  StandingName,
} from './lineage.js';
export { reachedKeyChain } from './fsck/key-ring.js';
export { fsck, type FsckOptions, type FsckProgress, type FsckTrust } from './fsck/fsck.js';
export {
  FINDING_KINDS,
  MAX_FINDINGS,
  type Finding,
  type FindingKind,
  type FsckCompared,
  type FsckReport,
} from './fsck/report.js';
export { openLineageLate } from './node/late-lineage.js';
export { openLineage } from './node/open-lineage.js';
export { type OpenedLineage } from './node/lineage-node.js';
export { type LineageOnDisk, type LineageOptions } from './node/lineage-options.js';
export { LineageStream, type LineageStreamPorts } from './sequencing/lineage-stream.js';
export type { AnchorAlarm, AnchorFault } from './anchor/publisher.js';
export { tryPublisherLock, type PublisherLock } from './anchor/publisher-lock.js';
export { RecordedHead } from './sequencing/recorded-head.js';
export { WitnessHttp } from './anchor/witness-http.js';
export { parseWitnessPolicy, WitnessSet } from './anchor/witness-set.js';
export { recoverLedger, type RecoverOptions, type Recovery } from './anchor/recover-ledger.js';
