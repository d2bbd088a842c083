import { hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { installSha256 } from '@writ/encoding';
import { fsck } from './fsck.js';
import { beginHistory, type History } from './history.fixture.js';

installSha256((input) => hash('sha256', input, 'buffer'));

describe('a check of a whole ledger', () => {
  let history: History;
  beforeAll(async () => {
    history = await beginHistory();
    for (let round = 0; round < 12; round++) {
      await history.execute(10);
      await history.sequence();
      if (round % 3 === 0) await history.publish();
    }
    await history.publish();
  });
  afterAll(async () => {
    await history.close();
    rmSync(history.lineageDir, { recursive: true });
  });

  it('finds nothing where nothing is wrong', async () => {
    const { store, trust, lineageDir } = history;
    const report = await fsck({ store, trust, lineageDir });
    expect(report.findings).toStrictEqual([]);
    expect(report).toMatchObject({ verdict: 'sound', complete: true, sizeLeaves: '301', checkpointSizeLeaves: '301' });
  });
});
