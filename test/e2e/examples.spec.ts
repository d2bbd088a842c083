import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

jest.setTimeout(60_000);

const ROOT = resolve(__dirname, '../..');
const run = promisify(execFile);

describe('examples/retried-payment', () => {
  it('pays twice without Writ and once with it, however often the orchestrator retries', async () => {
    const { stdout } = await run(process.execPath, ['examples/retried-payment/main.mjs'], { cwd: ROOT });
    expect(stdout).toContain('the bank has paid INV-1 2 times');
    expect(stdout).toContain('the bank has paid INV-2 once');
    expect(stdout.match(/INV-013: not run again, it is committed/g)).toHaveLength(2);
    expect(stdout.trimEnd().split('\n').slice(-4)).toEqual([
      'the ledger says: INV-2 is committed',
      '  0 DecisionAdmitted',
      '  1 ReservationPlaced',
      '  2 ExecutionCommitted',
    ]);
  });
});
