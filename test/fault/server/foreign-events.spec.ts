import { join } from 'node:path';
import { WritClient, type CommitRequest } from '@writ/client';
import type { RecordedEvent } from '@writ/event-store';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../../e2e/harness/server.js';
import { openStore } from '../harness/open-store.mjs';
import { outcomeOf } from '../harness/outcome.js';
import { killStarted, startNode } from '../harness/processes.js';
import { newEventId } from '../harness/sample.mjs';
import { commitOf, newHolder, publishTransferPolicies, TENANT, transfer } from '../harness/transfers.mjs';

jest.setTimeout(90_000);

interface Slipped {
  readonly stream: string;
  readonly eventId?: string;
  readonly type: string;
  readonly typeVersion: number;
  readonly data: string;
  readonly metadata: string;
}
interface Edited {
  readonly stream: string;
  readonly revision: number;
  readonly data: string;
  readonly metadata: string;
}

/** The executions that were tampered with, each as its name says, and at which revision. */
const TAMPERED = {
  'released-unsigned': '2',
  'released-copied': '2',
  'placed-edited': '1',
  'decided-stripped': '0',
  'signed-elsewhere': '0',
} as const;
type Tampered = keyof typeof TAMPERED;
const NAMES = Object.keys(TAMPERED) as Tampered[];

const folder = temporaryFolder();
const store = (of: string): string => join(of, '.writ/ledger.db');
const streamOf = (executionId: string): string => `execution-${TENANT}.${executionId}`;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const reports = new Map<string, CommitRequest>();
let server: TestServer | undefined;
let client: WritClient;

async function begin(): Promise<void> {
  server = await startTestServer({ folder });
  client = WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT });
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  client.close();
  await server?.stop(signal);
}

async function read(of: string, stream: string): Promise<readonly RecordedEvent[]> {
  const opened = await openStore(`sqlite:${store(of)}`, { mode: 'existing', readOnly: true });
  const events = await opened.readStream(stream);
  await opened.close();
  return events;
}

async function slipIn(append: readonly Slipped[], edit: readonly Edited[] = []): Promise<void> {
  const intruder = startNode(join(__dirname, 'children/slip-in.mjs'), [store(folder)]);
  intruder.send({ append, edit });
  expect(await intruder.next()).toStrictEqual({ done: true });
  expect(await intruder.ended).toBe(0);
}

beforeAll(async () => {
  await begin();
  await publishTransferPolicies(client);
});

afterAll(async () => {
  await stop('SIGKILL');
  await killStarted();
  removeFolders();
});

describe('events that no key of the ledger attests', () => {
  it('are slipped into the store, while it is used and while it is not', async () => {
    for (const executionId of NAMES.filter((name) => name !== 'signed-elsewhere')) await place(executionId);
    const copied = await releasedEvent();
    await slipIn([
      { ...copied, stream: streamOf('released-copied') },
      {
        ...copied,
        stream: streamOf('released-unsigned'),
        data: await ownRelease('released-unsigned', copied),
        metadata: base64('{}'),
      },
      ...(await wholeStreamOfAnotherLedger('signed-elsewhere')),
    ]);
    await stop('SIGKILL');
    const [, placed] = await read(folder, streamOf('placed-edited'));
    const [decided] = await read(folder, streamOf('decided-stripped'));
    if (placed === undefined || decided === undefined) throw new Error('nothing to edit');
    const otherHolder = text(placed.data).replace(/"holderHash":"sha256:.{8}/, '"holderHash":"sha256:00000000');
    expect(otherHolder).not.toBe(text(placed.data));
    const attestation = text(decided.metadata).replace(/"signature":"[^"]{8}/, '"signature":"AAAAAAAA');
    expect(attestation).not.toBe(text(decided.metadata));
    await slipIn(
      [],
      [
        { stream: placed.stream, revision: 1, data: base64(otherHolder), metadata: base64(placed.metadata) },
        { stream: decided.stream, revision: 0, data: base64(decided.data), metadata: base64(attestation) },
      ],
    );
    await begin();
  });

  it.each(NAMES)('change nothing of what is granted: %s', async (executionId) => {
    await expectRefused(executionId);
  });

  it('concern nobody else', async () => {
    const request = await place('untouched');
    const { receipt } = await client.commit(reports.get('untouched') as CommitRequest);
    expect(receipt.events.at(-1)?.type).toBe('ExecutionCommitted');
    expect((await outcomeOf(client.evaluate({ ...request, holder: newHolder() }))).code).toBe('INV-013');
  });

  it('are told in the log, and once each in the refusals stream, also after a restart', async () => {
    const alarmed = server
      ?.logLines()
      .flatMap(({ alarm }) => (alarm as { kind: string; stream: string } | undefined) ?? []);
    const streams = new Set(alarmed?.filter(({ kind }) => kind === 'foreign_event').map(({ stream }) => stream));
    expect([...streams].sort()).toStrictEqual(NAMES.map(streamOf).sort());
    await stop('SIGTERM');
    await begin();
    for (const executionId of NAMES) await expectRefused(executionId);
    await stop('SIGTERM');
    const told = (await read(folder, `refusals-${TENANT}`)).filter(({ type }) => type === 'ForeignEventFound');
    const places = told.map(({ data }) => JSON.parse(text(data)) as { stream: string; revision: string });
    expect(places.map(({ stream, revision }) => `${stream}@${revision}`).sort()).toStrictEqual(
      NAMES.map((name) => `${streamOf(name)}@${TAMPERED[name]}`).sort(),
    );
    await begin();
  });
});

async function place(executionId: string): Promise<ReturnType<typeof transfer>> {
  const request = transfer(executionId);
  const { grant } = await client.evaluate(request);
  if (grant === undefined) throw new Error('not admitted');
  reports.set(executionId, commitOf(request, grant));
  return request;
}

/** Whoever asks for anything is refused, and the stream stays as it is. */
async function expectRefused(executionId: Tampered): Promise<void> {
  const before = (await read(folder, streamOf(executionId))).length;
  const holder = newHolder();
  const calls: readonly (() => Promise<unknown>)[] = [
    () => client.evaluate(transfer(executionId, { holder })),
    () => client.reserve({ executionId, holder }),
    () => client.renew({ executionId, holder, attempt: 1 }),
    () =>
      client.commit(
        reports.get(executionId) ?? {
          executionId,
          holder,
          attempt: 1,
          commitId: newEventId(),
          outcome: 'succeeded',
          parameters: `sha256:${'0'.repeat(64)}`,
        },
      ),
    () => client.release({ executionId, holder, attempt: 1, reason: 'try' }),
    () => client.getExecution({ executionId }),
  ];
  const codes = await Promise.all(calls.map(async (call) => (await outcomeOf(call())).code));
  expect(codes.filter((code) => code !== 'FOREIGN_EVENT' && code !== 'ATTESTATION_INVALID')).toStrictEqual([]);
  expect(await read(folder, streamOf(executionId))).toHaveLength(before);
}

/** A release that was really made and signed, of another execution. */
async function releasedEvent(): Promise<Slipped> {
  await place('released');
  const { attempt, holder } = reports.get('released') as CommitRequest;
  await client.release({ executionId: 'released', attempt, holder, reason: 'not needed' });
  const event = (await read(folder, streamOf('released'))).at(-1) as RecordedEvent;
  return slipped(event);
}

function slipped({ stream, type, typeVersion, data, metadata }: RecordedEvent): Slipped {
  return { stream, type, typeVersion, data: base64(data), metadata: base64(metadata) };
}

/** The same, saying everything of the execution that it is slipped into. */
async function ownRelease(executionId: string, released: Slipped): Promise<string> {
  const placed = (await read(folder, streamOf(executionId))).at(-1) as RecordedEvent;
  const { decisionId, holderHash } = JSON.parse(text(placed.data)) as Record<string, string>;
  const data = JSON.parse(Buffer.from(released.data, 'base64').toString()) as Record<string, string>;
  return base64(JSON.stringify({ ...data, executionId, decisionId, holderHash }));
}

/** In order in every respect, but signed by the key of another ledger of the same name. */
async function wholeStreamOfAnotherLedger(executionId: string): Promise<readonly Slipped[]> {
  const elsewhere = await startTestServer();
  const other = WritClient.connect({ address: `127.0.0.1:${elsewhere.grpcPort}`, tenant: TENANT });
  await publishTransferPolicies(other);
  await other.evaluate(transfer(executionId, { holder: null }));
  other.close();
  await elsewhere.stop('SIGKILL');
  const events = await read(elsewhere.folder, streamOf(executionId));
  return events.map((event) => ({ ...slipped(event), eventId: event.eventId }));
}
