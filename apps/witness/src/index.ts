/**
 * A witness (C2SP tlog-witness): an auditor runs it elsewhere, and it vouches that a log only ever grew.
 * docs/guides/witness.md tells how to run one.
 */
export { createWitnessFolder, openWitnessFolder, type OpenWitnessFolder } from './witness-folder.js';
export { startWitnessServer, type RunningWitness, type WitnessServerOptions } from './witness-server.js';
export { WitnessState, type WitnessedHead } from './witness-state.js';
export { Witness, type WitnessAnswer, type WitnessOptions } from './witness.js';
