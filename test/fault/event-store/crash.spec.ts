import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStoreCrashes } from './crashes.fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-crash-store-'));

afterAll(() => rmSync(folder, { recursive: true }));

describeStoreCrashes({
  url: () => process.env['WRIT_STORE_URL'] ?? `sqlite:${join(folder, 'store.db')}`,
  /** `WRIT_CRASH_CYCLES=10000` for a release. */
  cycles: Number(process.env['WRIT_CRASH_CYCLES'] ?? 100),
  readyWithinMs: 5_000,
});
