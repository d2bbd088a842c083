import { parseExecutionId, parseTenant } from '@writ/encoding';
import { UnavailableError } from '@writ/errors';
import type { Alarm } from './ports.js';
import type { RefusalFact, RefusalsStreams } from './refusals-stream.js';
import { RefusedReplays } from './refused-replays.js';

const TENANT = parseTenant('acme');
let nowMs: number;
let told: RefusalFact[];
let isDown: boolean;
let alarms: Alarm[];
let refusals: RefusedReplays;
beforeEach(() => {
  nowMs = 0;
  told = [];
  isDown = false;
  alarms = [];
  const streams: Pick<RefusalsStreams, 'append'> = {
    append: async (_, facts) => {
      if (isDown) throw new UnavailableError('STORE_UNAVAILABLE', 'away');
      told.push(...facts);
    },
  };
  refusals = new RefusedReplays(streams as RefusalsStreams, { nowMs: () => nowMs }, (alarm) => alarms.push(alarm));
});

const note = (executionId: string) =>
  refusals.note(
    {
      tenant: TENANT,
      executionId: parseExecutionId(executionId),
      actor: { id: 'service-a', role: 'caller' },
      code: 'INV-013',
      operation: 'evaluate',
    },
    nowMs,
  );
const counts = () => told.map((fact) => (fact.type === 'ReplayRefused' ? fact.data.count : 0));
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('refused replays', () => {
  it('tells the first at once and the rest when the window is over', async () => {
    for (let time = 0; time < 1_000; time += 1) note('a-1');
    await refusals.flush();
    expect(counts()).toEqual([1]);
    nowMs = 60_000;
    await refusals.flush();
    expect(counts()).toEqual([1, 999]);
    expect(refusals.counts).toEqual({ recorded: 1_000, dropped: 0 });
  });

  it('begins a new window with a refusal that comes after the old one', async () => {
    note('a-1');
    note('a-1');
    nowMs = 60_000;
    note('a-1');
    await refusals.flush({ all: true });
    expect(counts()).toEqual([1, 1, 1]);
  });

  it('loses no count when more executions are retried than it keeps windows for', async () => {
    const many = 12_000;
    for (let at = 0; at < many; at += 1) {
      note(`a-${at}`);
      note(`a-${at}`);
      if (at % 1_000 === 0) await refusals.flush();
    }
    await refusals.flush({ all: true });
    expect(sum(counts())).toBe(2 * many);
    expect(refusals.counts).toEqual({ recorded: 2 * many, dropped: 0 });
  });

  it('drops what the store does not take beyond its bound, counts it, and says so', async () => {
    isDown = true;
    for (let at = 0; at < 10_100; at += 1) note(`a-${at}`);
    expect(refusals.counts.dropped).toBe(100);
    isDown = false;
    await refusals.flush();
    expect(alarms).toEqual([{ kind: 'refusals_dropped', tenant: TENANT, count: 100 }]);
    expect(sum(counts())).toBe(10_000);
  });
});
