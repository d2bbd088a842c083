export { addUser } from './add-user.js';
export { applyProtection, checkProtection, type Protection } from './protection.js';
export { openEventStoreDb, type EventStoreDbOptions } from './event-store-db.js';
export { parseConnection, redactConnection, type EventStoreConnection } from './connection.js';
