import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ErrorType, EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { startDouble } from '../double/start-double.js';
import { makeCertificates } from '../harness/certificates.js';
import { until } from '../harness/admin.js';
import { describeNodes } from '../harness/find-server.js';
import { startNode } from '../harness/server.js';
import { afterMs, factEvent, failureOf, freshStream, onBothEngines, revisionsIn, storedIn } from './engines.js';

jest.setTimeout(60_000);

/** With a colon, as people choose them. */
const PASSWORD = 'open:sesame';

interface GuardedServer {
  readonly adminUrl: string;
  readonly authorityFile: string;
  readonly port: number;
  urlFor(user: string, password: string): string;
  stop(): Promise<void>;
}

async function guardedDouble(): Promise<GuardedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-eventstore-double-'));
  const { authorityFile, nodeFile, nodeKeyFile } = makeCertificates(folder);
  const tls = { cert: readFileSync(nodeFile), key: readFileSync(nodeKeyFile), caFile: authorityFile };
  const users = { admin: { password: PASSWORD, groups: ['$admins'] }, writ: { password: PASSWORD } };
  const double = await startDouble({ tls, users });
  return {
    adminUrl: double.urlFor('admin', PASSWORD),
    authorityFile,
    port: double.port,
    urlFor: (user, password) => double.urlFor(user, password),
    async stop() {
      await double.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function guardedNode(): Promise<GuardedServer> {
  const node = await startNode({ tls: true });
  await node.addUser('writ', PASSWORD);
  return {
    adminUrl: node.adminUrl,
    authorityFile: node.authorityFile as string,
    port: node.port,
    urlFor: (user, password) => node.urlFor(user, password),
    stop: () => node.stop(),
  };
}

describe('access (double)', () => whoMayDoWhat(guardedDouble));
describeNodes('access (real server)', () => whoMayDoWhat(guardedNode));

function whoMayDoWhat(start: () => Promise<GuardedServer>): void {
  let server: GuardedServer;
  const clients: EventStoreDBClient[] = [];
  const clientOf = (url: string): EventStoreDBClient => {
    const client = EventStoreDBClient.connectionString(url);
    clients.push(client);
    return client;
  };
  let admin: EventStoreDBClient;
  let writ: EventStoreDBClient;

  beforeAll(async () => {
    server = await start();
    admin = clientOf(server.adminUrl);
    writ = clientOf(server.urlFor('writ', PASSWORD));
  }, 90_000);

  afterAll(async () => {
    for (const client of clients) await client.dispose();
    await server?.stop();
  });

  it('K6: a stream of others is denied: without a code on the path of appends, with 7 elsewhere', async () => {
    const stream = freshStream();
    await admin.appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM });
    const onlyAdmins = ['$readRoles', '$writeRoles', '$deleteRoles', '$metaReadRoles', '$metaWriteRoles'];
    const acl = Object.fromEntries(onlyAdmins.map((name) => [name.slice(1), ['$admins']]));
    await admin.setStreamMetadata(stream, { acl });
    const denied = { type: ErrorType.ACCESS_DENIED };
    const append = await failureOf(writ.appendToStream(stream, factEvent(), { expectedRevision: 0n }));
    expect(append).toMatchObject({ ...denied, code: undefined });
    expect(await failureOf(storedIn(writ, stream))).toMatchObject({ ...denied, code: 7 });
    expect(await failureOf(writ.deleteStream(stream))).toMatchObject({ ...denied, code: 7 });
    expect(await revisionsIn(admin, stream)).toEqual([0n]);
  });

  it('K6: a wrong password is code 16', async () => {
    const stranger = clientOf(server.urlFor('writ', 'wrong'));
    const failure = await failureOf(storedIn(stranger, freshStream()));
    expect(failure).toMatchObject({ type: ErrorType.ACCESS_DENIED, code: 16 });
  });

  it('K6: the default rules of $settings keep a user from deleting and from metadata, and let him write and read', async () => {
    const rules = { $r: '$all', $w: 'writ', $d: '$admins', $mr: '$all', $mw: '$admins' };
    await admin.appendToStream('$settings', jsonEvent({ type: 'update-default-acl', data: { $userStreamAcl: rules } }));
    const inForce = async (): Promise<boolean> => {
      const change = writ.setStreamMetadata(freshStream(), {});
      return (await afterMs(5_000, change)) === 'rejected';
    };
    await until(inForce, 20_000, () => 'the rules do not come into force');
    const stream = freshStream();
    await writ.appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM });
    for (const call of [
      () => writ.deleteStream(stream),
      () => writ.tombstoneStream(stream),
      () => writ.setStreamMetadata(stream, { maxCount: 1 }),
    ]) {
      expect(await failureOf(call())).toMatchObject({ type: ErrorType.ACCESS_DENIED });
    }
    expect(await revisionsIn(writ, stream)).toEqual([0n]);
  });

  it('C12: a raw colon cuts a password short; encoded it does not', async () => {
    const [user, password] = ['writ', encodeURIComponent(PASSWORD)];
    const query = `tls=true&tlsCAFile=${encodeURIComponent(server.authorityFile)}`;
    const cut = clientOf(`esdb://${user}:${PASSWORD}@127.0.0.1:${server.port}?${query}`);
    expect(await failureOf(storedIn(cut, freshStream()))).toMatchObject({ type: ErrorType.ACCESS_DENIED, code: 16 });
    const whole = clientOf(`esdb://${user}:${password}@127.0.0.1:${server.port}?${query}`);
    expect(await failureOf(storedIn(whole, freshStream()))).toMatchObject({ type: ErrorType.STREAM_NOT_FOUND });
  });
}

onBothEngines('without TLS', (engine, client) => {
  it('K6: rules for a stream are kept and not enforced', async () => {
    const stream = freshStream();
    await client().setStreamMetadata(stream, { acl: { readRoles: ['$admins'], writeRoles: ['$admins'] } });
    await client().appendToStream(stream, factEvent(), { expectedRevision: NO_STREAM });
    expect(await revisionsIn(client(), stream)).toEqual([0n]);
  });

  it('C12: credentials are ignored', async () => {
    const own = EventStoreDBClient.connectionString(engine().url.replace('esdb://', 'esdb://nobody:nothing@'));
    try {
      const { success } = await own.appendToStream(freshStream(), factEvent(), { expectedRevision: NO_STREAM });
      expect(success).toBe(true);
    } finally {
      await own.dispose();
    }
  });
});

describe('connection strings', () => {
  it.each([
    ['another protocol', 'kurrentdb://127.0.0.1:2113?tls=false'],
    ['a web address', 'http://127.0.0.1:2113'],
    ['an IPv6 literal', 'esdb://[::1]:2113?tls=false'],
  ])('C12: %s is refused', (_name, text) => {
    expect(() => EventStoreDBClient.connectionString(text)).toThrow();
  });
});
