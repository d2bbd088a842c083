import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract, uniqueIdContract } from '@writ/event-store/contract';
import { openSqliteEventStore } from './sqlite-event-store.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-store-'));
let stores = 0;

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const open = () => openSqliteEventStore({ path: join(folder, `${(stores += 1)}.db`), mode: 'create' });
eventStoreContract('sqlite', { open });
uniqueIdContract('sqlite', open);
