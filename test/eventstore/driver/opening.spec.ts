import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore } from '@writ/event-store';
import { openEventStoreDb } from '@writ/event-store-eventstoredb';
import { outcomeOf } from '../../fault/harness/outcome.js';
import { startDouble, type Double } from '../double/start-double.js';
import { makeCertificates } from '../harness/certificates.js';
import { newEvent, newStream, UnhandledRejections, until } from './double-suite.js';

jest.setTimeout(120_000);

const rejections = new UnhandledRejections();
const folder = mkdtempSync(join(tmpdir(), 'writ-opening-'));
let double: Double;

beforeAll(() => rejections.begin());

afterEach(() => double.stop());

afterAll(async () => {
  rmSync(folder, { recursive: true });
  expect(await rejections.end()).toStrictEqual([]);
});

async function openAndUse(connection: string): Promise<string> {
  const opened = await outcomeOf(openEventStoreDb({ connection }));
  if (opened.code !== 'OK') return opened.code;
  const { code } = await outcomeOf(opened.answer.append(newStream(), 'no_stream', [newEvent()]));
  await opened.answer.close();
  return code;
}

describe('opening a store', () => {
  it('says that it is away when nothing listens', async () => {
    double = await startDouble();
    await double.kill();
    expect(await openAndUse(double.url)).toBe('STORE_UNAVAILABLE');
  });

  it('says that it is away when nothing answers, and lets go of it', async () => {
    double = await startDouble();
    double.pause();
    expect(await openAndUse(double.url)).toBe('STORE_UNAVAILABLE');
  });

  it('waits for a store that comes up meanwhile', async () => {
    double = await startDouble();
    await double.kill();
    const opening = openAndUse(double.url);
    await double.restart();
    expect(await opening).toBe('OK');
  });

  it('over TLS takes the right password, and tells a wrong one', async () => {
    const { authorityFile, nodeFile, nodeKeyFile } = makeCertificates(folder);
    const tls = { cert: readFileSync(nodeFile), key: readFileSync(nodeKeyFile), caFile: authorityFile };
    double = await startDouble({ tls, users: { writ: { password: 'right', groups: ['$admins'] } } });
    expect(await openAndUse(double.urlFor('writ', 'right'))).toBe('OK');
    expect(await openAndUse(double.urlFor('writ', 'wrong'))).toBe('STORE_ACCESS_DENIED');
  });
});

describe('closing a store that hangs', () => {
  let store: EventStore;

  it('comes to an end, and what was under way is told as unknown', async () => {
    double = await startDouble();
    store = await openEventStoreDb({ connection: double.url });
    const stream = newStream();
    double.faults.everyAppend('lose_answer');
    const underWay = outcomeOf(store.append(stream, 'no_stream', [newEvent()], { timeoutMs: 5_000 }));
    await until(
      async () => double.eventsOf(stream).length,
      (count) => count === 1,
    );
    double.pause();
    await store.close();
    expect(await underWay).toMatchObject({ code: 'STORE_OUTCOME_UNKNOWN', details: { mayHaveHappened: true } });
    expect((await outcomeOf(store.append(stream, 'no_stream', [newEvent()]))).code).toBe('STORE_UNAVAILABLE');
  });
});
