import { join } from 'node:path';
import { describeCrashes } from './crashes.fixture.js';

describeCrashes({
  store: (folder) => ({ WRIT_STORE_URL: `sqlite:${join(folder, 'ledger.db')}` }),
  /** `WRIT_CRASH_CYCLES=10000` for a release. */
  cycles: Number(process.env['WRIT_CRASH_CYCLES'] ?? 100),
  prefill: Number(process.env['WRIT_CRASH_PREFILL'] ?? 100_000),
  readyWithinMs: 5_000,
});
