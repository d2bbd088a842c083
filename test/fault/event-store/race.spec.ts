import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStoreRaces } from './races.fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-race-'));

afterAll(() => rmSync(folder, { recursive: true }));

describeStoreRaces({
  url: () => process.env['WRIT_STORE_URL'] ?? `sqlite:${join(folder, 'store.db')}`,
  rounds: Number(process.env['WRIT_RACE_ROUNDS'] ?? 2_000),
  sameIdsFrom: 'both_processes',
});
