import { IntegrityError } from '@writ/errors';
import { InMemoryEventStore, type NewEvent } from '@writ/event-store';
import { guardedStore } from './guarded-store.js';

const event = (at: number): NewEvent => ({
  eventId: `018f0000-0000-7000-8000-${at.toString().padStart(12, '0')}`,
  type: 'Thing',
  typeVersion: 1,
  data: new Uint8Array([0x7b, 0x7d]),
  metadata: new Uint8Array([0x7b, 0x7d]),
});

describe('a guarded store', () => {
  const bare = new InMemoryEventStore();
  let rolledBack = false;
  const store = guardedStore(bare, {
    requireWritable: () => {
      if (rolledBack) throw new IntegrityError('LEDGER_ROLLED_BACK', 'the store was set back', {});
    },
  });
  afterEach(() => (rolledBack = false));

  it('is the store itself as long as nothing speaks against it', async () => {
    const { lastRevision } = await store.append('things-1', 'no_stream', [event(1)]);
    expect(lastRevision).toBe(0n);
    expect(await store.readStream('things-1')).toEqual(await bare.readStream('things-1'));
    expect(await store.readAll({ maxCount: 10 })).toHaveLength(1);
    expect(await store.health()).toEqual(await bare.health());
  });

  it('takes nothing once the store was set back, and is read all the same', async () => {
    await store.append('things-2', 'no_stream', [event(2)]);
    rolledBack = true;
    await expect(store.append('things-2', 0n, [event(3)])).rejects.toMatchObject({ code: 'LEDGER_ROLLED_BACK' });
    expect(await bare.readStream('things-2')).toHaveLength(1);
    expect(await store.readStream('things-2')).toHaveLength(1);
  });
});
