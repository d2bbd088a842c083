import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent, type AppendResult, type EventData } from '@eventstore/db-client';
import { startDouble } from '../double/start-double.js';
import { describeNodes, describeReal } from '../harness/find-server.js';
import { openServer, startNode } from '../harness/server.js';

/** A server that a fact is shown on: the double, or a real one. */
export interface Engine {
  readonly url: string;
  stop(): Promise<void>;
}

/** One that can be stopped and brought back. */
export interface BreakableEngine extends Engine {
  kill(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
}

/** The same tests on the double and on a real server, which need nothing of it but answers. */
export function onBothEngines(
  name: string,
  body: (engine: () => Engine, client: () => EventStoreDBClient) => void,
): void {
  describe(`${name} (double)`, () => withEngine(startDouble, body));
  describeReal(`${name} (real server)`, () => withEngine(openServer, body));
}

/** The same tests on the double and on a node of our own on disk, which they kill and pause. */
export function onBreakableEngines(name: string, body: (engine: () => BreakableEngine) => void): void {
  describe(`${name} (double)`, () => withEngine(startDouble, body));
  describeNodes(`${name} (real server)`, () => withEngine(() => startNode({ storage: 'disk' }), body));
}

function withEngine<E extends Engine>(
  start: () => Promise<E>,
  body: (engine: () => E, client: () => EventStoreDBClient) => void,
): void {
  let engine: E | undefined;
  let client: EventStoreDBClient | undefined;

  beforeAll(async () => {
    engine = await start();
    client = EventStoreDBClient.connectionString(engine.url);
  }, 60_000);

  afterAll(async () => {
    await client?.dispose();
    await engine?.stop();
  }, 60_000);

  body(
    () => engine as E,
    () => client as EventStoreDBClient,
  );
}

/** A stream that no other run has used. */
export const freshStream = (): string => `fact-${randomUUID()}`;

export function factEvent(data: Record<string, string | number> = {}, id: string = randomUUID()): EventData {
  return jsonEvent({ id, type: 'Fact', data });
}

/** What a call failed with. @throws Error where it did not fail */
export async function failureOf(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const answer = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in answer) throw new Error('expected a failure');
  return answer.error as Record<string, unknown>;
}

/** How a call stands after a while; it goes on. */
export async function afterMs(ms: number, call: Promise<unknown>): Promise<'fulfilled' | 'rejected' | 'pending'> {
  let timer: NodeJS.Timeout | undefined;
  const settled = call.then(
    () => 'fulfilled' as const,
    () => 'rejected' as const,
  );
  const late = new Promise<'pending'>((settle) => (timer = setTimeout(() => settle('pending'), ms)));
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

export interface StoredFact {
  readonly id: string;
  readonly revision: bigint;
  readonly commit: bigint;
  readonly data: unknown;
}

/** A stream from its start, as far as the server shows it. */
export async function storedIn(client: EventStoreDBClient, stream: string): Promise<StoredFact[]> {
  const found: StoredFact[] = [];
  for await (const { event } of client.readStream(stream)) {
    if (event === undefined) continue;
    const { id, revision, data } = event;
    found.push({ id, revision, data, commit: (event as { position?: { commit: bigint } }).position?.commit ?? -1n });
  }
  return found;
}

export const revisionsIn = async (client: EventStoreDBClient, stream: string): Promise<bigint[]> =>
  (await storedIn(client, stream)).map(({ revision }) => revision);

/** What an append was answered with, in short. */
export const placeOf = ({ nextExpectedRevision, position }: AppendResult): [bigint, bigint | undefined] => [
  nextExpectedRevision,
  position?.commit,
];
