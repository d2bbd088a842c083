export type {
  AppendOptions,
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  ReadAllOptions,
  ReadStreamOptions,
  RecordedEvent,
  StoreHealth,
  StoreHealthCode,
  SubscribeOptions,
} from './event-store.js';
export { checkAfter, checkAppend, checkReadAll, checkReadStream, checkTimeout } from './check-arguments.js';
export {
  eventIdReused,
  revisionAfter,
  revisionConflict,
  sameEvent,
  verifyReturnedRevision,
} from './expected-revision.js';
export { ChangeSignal, follow } from './follow.js';
export { endThread, yieldToDecisions } from './following-thread.js';
export {
  appendSurely,
  handleCommand,
  type AppendSurelyOptions,
  type HandleCommandOptions,
  type HandledCommand,
  type Loaded,
  type Ruling,
} from './handle-command.js';
export { InMemoryEventStore, type InMemoryFaults } from './in-memory-event-store.js';
export { DEFAULT_APPEND_TIMEOUT_MS, EVENT_STORE_LIMITS } from './limits.js';
export { readWholeStream } from './read-whole-stream.js';
export { openStoreSource, type StoreSource } from './store-source.js';
export { withAppend } from './with-append.js';
