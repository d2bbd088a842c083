import { join } from 'node:path';
import { describeRaces } from './races.fixture.js';

describeRaces({
  store: (folder) => ({ WRIT_STORE_URL: `sqlite:${join(folder, 'ledger.db')}` }),
  rounds: Number(process.env['WRIT_RACE_ROUNDS'] ?? 2_000),
});
