import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { newStream, sampleEvents } from '../../../libs/event-store/src/contract/sample-events.js';
import { freePorts } from '../harness/ports.js';
import { describeNodes } from '../harness/find-server.js';
import { startNode, type ServerNode } from '../harness/server.js';

// Each attempt goes on for ten seconds, and each loads a client of its own.
jest.setTimeout(120_000);

describeNodes('opening a store of a real server', () => {
  let secure: ServerNode;
  let plain: ServerNode;
  let closed = 0;

  beforeAll(async () => {
    [secure, plain] = await Promise.all([startNode({ tls: true }), startNode()]);
    [closed = 0] = await freePorts(1);
  }, 90_000);

  afterAll(async () => {
    await secure.stop();
    await plain.stop();
  });

  async function failure(connection: string): Promise<{ readonly code?: unknown; readonly message: string }> {
    try {
      await (await openEventStoreDb({ connection })).close();
    } catch (error) {
      return error as { readonly code?: unknown; readonly message: string };
    }
    throw new Error(`\`${connection}\` was opened`);
  }

  it.each<[string, () => string]>([
    ['TLS, user and password', () => secure.url],
    ['one of several nodes', () => `esdb://127.0.0.1:${closed},127.0.0.1:${plain.port}?tls=false`],
    ['a name that stands for the cluster', () => `esdb+discover://127.0.0.1:${plain.port}?tls=false`],
  ])('works with %s', async (_case, url) => {
    const store = await openEventStoreDb({ connection: url() });
    const stream = newStream();
    expect(await store.append(stream, 'no_stream', sampleEvents(2))).toMatchObject({ lastRevision: 1n });
    expect(await store.readStream(stream)).toHaveLength(2);
    await store.close();
  });

  it('takes no appends when it is opened for reading', async () => {
    const store = await openEventStoreDb({ connection: plain.url, readOnly: true });
    const refused = { code: 'STORE_READ_ONLY', kind: 'Unavailable', details: {} };
    await expect(store.append(newStream(), 'no_stream', sampleEvents(1))).rejects.toMatchObject(refused);
    expect(await store.readStream(newStream())).toStrictEqual([]);
    expect(await store.health()).toStrictEqual({ state: 'read_only', code: 'STORE_READ_ONLY' });
    await store.close();
  });

  it.each<[string, () => string]>([
    ['K6: a wrong password', () => secure.urlFor('admin', 'wrong')],
    ['K6: a user that is not there', () => secure.urlFor('nobody', 'secret')],
    ['K6: no user at all', () => secure.url.replace(/\/\/[^@]*@/, '//')],
  ])('is refused with %s', async (_case, url) => {
    expect(await failure(url())).toMatchObject({ code: 'STORE_ACCESS_DENIED', kind: 'Rejected' });
  });

  // Together, because each goes on for ten seconds.
  it('says what is wrong when nobody answers', async () => {
    const mistakes: readonly [string, RegExp][] = [
      [`esdb://127.0.0.1:${plain.port}`, /does not speak TLS/],
      [`esdb://127.0.0.1:${secure.port}?tls=false`, /speak TLS only/],
      [secure.url.replace(/[?&]tlsCAFile=[^&]*/, ''), /tlsCAFile/],
      [`esdb://127.0.0.1:${closed}?tls=false`, /nothing listens/],
      [`esdb+discover://127.0.0.1:${closed}?tls=false`, /who leads/],
    ];
    const errors = await Promise.all(mistakes.map(([url]) => failure(url)));
    for (const [i, error] of errors.entries()) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', kind: 'Unavailable' });
      // That an operator is told each mistake apart is what this is about.
      expect(error.message).toMatch(mistakes[i]?.[1] ?? '');
      expect(error.message).not.toContain('@');
    }
  });

  it('says which file is not there', async () => {
    const error = await failure('esdb://node?tlsCAFile=no-such-file.crt');
    expect(error).toMatchObject({ code: 'STORE_URL_INVALID', details: { key: 'tlsCAFile' } });
  });
});
