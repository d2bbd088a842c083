import { LedgerError } from '@writ/errors';
import { backupStore, migrateStore, restoreStore } from './maintain-store.js';

describe('what is done to the file of a store', () => {
  const server = { kind: 'eventstoredb', connection: 'esdb://writ:hush@a.example' } as const;

  it.each([
    ['a backup', () => backupStore(server, 'backup.db')],
    ['a restore', () => restoreStore(server, 'backup.db')],
    ['a migration', () => migrateStore(server, { dryRun: true })],
  ])('is refused for a server: %s', async (_what, call) => {
    const error = await call().then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(LedgerError);
    expect(error).toMatchObject({ code: 'REQUEST_INVALID', message: expect.stringContaining('writ store copy') });
    expect(JSON.stringify([(error as LedgerError).message, (error as LedgerError).details])).not.toContain('hush');
  });
});
