import {
  cosignatureMessage,
  encodeCosignature,
  parseTrustPolicy,
  type AddCheckpointRequest,
  parseAddCheckpoint,
  parseNote,
  formatSignatureLines,
} from '@writ/checkpoint';
import { NoteKey } from '@writ/signing';

import { logKey, testPorts, TestTree, type TestPorts } from './anchor.fixture.js';
import { requireMark } from './mark.js';
import { Publisher, type AnchorAlarm } from './publisher.js';
import type { WitnessTransport } from './witness-client.js';
import { WitnessSet } from './witness-set.js';

const tree = new TestTree(600);
const witnessKey = new NoteKey('cosignature', 'witness.example/w', new Uint8Array(32).fill(11), 0);

let ports: TestPorts;
let alarms: AnchorAlarm[];
let publishers: Publisher[];
beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  ports = testPorts(tree);
  alarms = [];
  publishers = [];
  await requireMark(ports.mark, true);
});
afterEach(async () => {
  await Promise.all(publishers.map((publisher) => publisher.close()));
  jest.useRealTimers();
});

function started(more: { readonly witnesses?: WitnessSet; readonly entries?: number } = {}): Publisher {
  const publisher = new Publisher({
    ...ports,
    intervalMs: 1_000,
    entries: 100,
    nowMs: () => performance.now(),
    onAlarm: (alarm) => alarms.push(alarm),
    ...more,
  });
  publishers.push(publisher);
  publisher.start();
  return publisher;
}

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  // Signatures and files settle outside of the timers.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const sizes = (): readonly number[] => ports.source.published.map(({ sizeLeaves }) => Number(sizeLeaves));

describe('the publisher', () => {
  it('publishes at once when it starts, then by interval', async () => {
    ports.source.grow(5);
    const publisher = started();
    await pass(1);
    expect(sizes()).toEqual([5]);
    ports.source.grow(6);
    publisher.grown();
    await pass(500);
    expect(sizes()).toEqual([5]);
    ports.source.grow(7);
    publisher.grown();
    await pass(600);
    expect(sizes()).toEqual([5, 7]);
    await pass(60_000);
    expect(sizes()).toEqual([5, 7]);
  });

  it('publishes by count before the interval is over', async () => {
    const publisher = started();
    await pass(1);
    ports.source.grow(99);
    publisher.grown();
    await pass(10);
    expect(sizes()).toEqual([]);
    ports.source.grow(100);
    publisher.grown();
    await pass(10);
    expect(sizes()).toEqual([100]);
  });

  it('publishes what is there when it is closed', async () => {
    const publisher = started();
    await pass(1);
    ports.source.grow(3);
    await publisher.close();
    expect(sizes()).toEqual([3]);
  });

  it('tries again after an outage, and stops for good at an integrity error', async () => {
    ports.source.grow(5);
    const { files } = ports;
    const write = jest.spyOn(files, 'write').mockRejectedValueOnce(new Error('ENOSPC'));
    const publisher = started();
    await pass(1);
    expect(publisher.status().fault).toMatchObject({ code: 'PUBLISHER_UNAVAILABLE' });
    await pass(1_000);
    expect([publisher.status().fault, sizes(), write.mock.calls.length]).toEqual([undefined, [5], 2]);

    ports.source.tree = new TestTree(600, 'other');
    ports.source.grow(9);
    publisher.grown();
    await pass(1_000);
    expect(publisher.status().fault).toMatchObject({ code: 'MARK_NOT_EXTENDED' });
    ports.source.tree = tree;
    ports.source.grow(9);
    publisher.grown();
    await pass(60_000);
    expect(sizes()).toEqual([5]);
    expect(alarms.map((alarm) => alarm.kind)).toEqual(['fault', 'fault']);
  });

  it('goes on without its witness, says so, and adds the cosignature when it is there again', async () => {
    let isUp = false;
    const transport: WitnessTransport = {
      requireUrl: () => undefined,
      post: (_url, body) => {
        if (!isUp) return Promise.reject(new Error('down'));
        const request: AddCheckpointRequest = parseAddCheckpoint(body);
        const timeSeconds = 1_767_225_600;
        const signature64 = witnessKey.sign(cosignatureMessage(timeSeconds, parseNote(request.checkpoint).text));
        const line = { ...witnessKey.key, signature: encodeCosignature({ timeSeconds, signature64 }) };
        return Promise.resolve({ status: 200, body: Buffer.from(formatSignatureLines([line])) });
      },
    };
    const policy = parseTrustPolicy(
      `log ${logKey.vkey}\nwitness w ${witnessKey.vkey} https://witness.example\nquorum w\n`,
    );
    ports.source.grow(5);
    const publisher = started({ witnesses: new WitnessSet(policy, { transport, nowMs: () => performance.now() }) });
    await pass(1);
    expect(ports.source.published).toMatchObject([{ sizeLeaves: 5n, cosignedBy: 0 }]);
    expect(publisher.status()).toMatchObject({ quorumMet: false, outcomes: [{ result: 'unreachable' }] });
    expect(alarms).toMatchObject([{ kind: 'witness', outcome: { witness: 'w' } }]);

    isUp = true;
    await pass(10_000);
    expect(ports.source.published).toMatchObject([{ cosignedBy: 0 }, { sizeLeaves: 5n, cosignedBy: 1 }]);
    expect(publisher.status()).toMatchObject({ quorumMet: true });
    await pass(60_000);
    expect(sizes()).toEqual([5, 5]);
  });
});
