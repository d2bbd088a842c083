/**
 * Read models that follow the ledger and can be rebuilt from it at will. Nothing here is ever asked whether something
 * may run: that is decided on the execution's own stream.
 */
export { openExecutionIndex, openLocalExecutionIndex } from './execution-index.js';
export { type FoldSettings } from './fold-execution.js';
export { type WorkerStart } from './worker-messages.js';
