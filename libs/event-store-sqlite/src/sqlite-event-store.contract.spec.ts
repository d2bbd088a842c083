import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract } from '@writ/event-store/contract';
import { openSqliteEventStore } from './sqlite-event-store.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-store-'));
let stores = 0;

afterAll(() => {
  rmSync(folder, { recursive: true });
});

eventStoreContract('sqlite', {
  open: () => openSqliteEventStore({ path: join(folder, `${(stores += 1)}.db`), mode: 'create' }),
});
