import type { EventStore } from '../event-store.js';
import { newStream, sampleEvents } from './sample-events.js';

export function lifeContract(open: () => Promise<EventStore>): void {
  describe('health and close', () => {
    it('is writable when it is open', async () => {
      const store = await open();
      expect(await store.health()).toStrictEqual({ state: 'writable' });
      await store.close();
    });

    it('settles what is under way, then takes nothing more', async () => {
      const store = await open();
      const sent = Array.from({ length: 20 }, () => store.append(newStream(), 'no_stream', sampleEvents(1)));
      const closed = store.close();
      const settled = await Promise.allSettled(sent);
      expect(settled.map((outcome) => outcome.status)).toStrictEqual(sent.map(() => 'fulfilled'));
      await closed;
      const unavailable = { code: 'STORE_UNAVAILABLE', kind: 'Unavailable', retryable: true };
      await expect(store.append(newStream(), 'no_stream', sampleEvents(1))).rejects.toMatchObject(unavailable);
      await expect(store.readStream(newStream())).rejects.toMatchObject(unavailable);
      await expect(store.readAll({ maxCount: 1 })).rejects.toMatchObject(unavailable);
      expect(await store.health()).toStrictEqual({ state: 'down', code: 'STORE_UNAVAILABLE' });
    });

    it('closes once, however often it is asked', async () => {
      const store = await open();
      await Promise.all([store.close(), store.close()]);
      await store.close();
    });

    it('tells a subscriber that it closed', async () => {
      const store = await open();
      const end = (async () => {
        for await (const _event of store.subscribe({ signal: AbortSignal.timeout(30_000) })) continue;
      })().catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await store.close();
      expect(await end).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });
}
