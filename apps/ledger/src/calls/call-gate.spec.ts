import { RejectedError } from '@writ/errors';
import { pino, type Logger } from 'pino';

import { CallMetrics } from '../metrics/call-metrics.js';
import type { ServedLedger } from '../served-ledger.js';
import { CallGate, type CallFacts } from './call-gate.js';
import { CallLog } from './call-log.js';

const principal = { actor: { id: 'a', role: 'operator' }, tenants: '*', actions: '*' };
const seen: (string | undefined)[] = [];
const ledger = {
  authenticate(token: string | undefined) {
    seen.push(token);
    return principal;
  },
} as unknown as ServedLedger;

const facts: CallFacts = { method: 'Evaluate', protocol: 'grpc', authorization: undefined };
const metrics = new CallMetrics({ version: 'test', digest: 'sha256:0' });
afterAll(() => metrics.close());

function logger(level: string): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { logger: pino({ level }, { write }), lines };
}

function gateWith(maxInFlight = 4, level = 'info'): { gate: CallGate; lines: Record<string, unknown>[] } {
  const { logger: log, lines } = logger(level);
  return { gate: new CallGate(ledger, metrics, new CallLog(log), undefined, { maxInFlight }), lines };
}

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'OK',
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('admission', () => {
  it('refuses beyond the bound, before anything begins', async () => {
    const { gate } = gateWith(2);
    let release = (): void => undefined;
    const held = new Promise<void>((settle) => (release = settle));
    const first = gate.run(facts, () => held, 2);
    const work = jest.fn();
    await expect(gate.run(facts, work)).rejects.toMatchObject({
      code: 'OVERLOADED',
      details: { retryAfterMs: 100, mayHaveHappened: false },
    });
    expect(work).not.toHaveBeenCalled();
    release();
    await first;
    expect(gate.inFlight).toBe(0);
    expect(await codeOf(gate.run(facts, async () => 1))).toBe('OK');
  });

  it('lets a batch larger than the bound through when nothing else is under way', async () => {
    expect(await codeOf(gateWith(2).gate.run(facts, async () => 1, 9))).toBe('OK');
  });

  it('drains: no new calls, and waits for those under way, within its time', async () => {
    const { gate } = gateWith();
    let release = (): void => undefined;
    const held = gate.run(facts, () => new Promise<void>((settle) => (release = settle)));
    expect(await gate.drain(10)).toBe(false);
    expect(await codeOf(gate.run(facts, async () => 1))).toBe('SHUTTING_DOWN');
    const drained = gate.drain(5_000);
    release();
    await held;
    expect(await drained).toBe(true);
    expect(gate.closed.aborted).toBe(true);
  });
});

describe('who calls', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['Bearer writ_abc', 'writ_abc'],
    ['bearer writ_abc', 'writ_abc'],
  ])('%p is the token %p', async (authorization, token) => {
    seen.length = 0;
    await gateWith().gate.run({ ...facts, authorization }, async () => 1);
    expect(seen).toEqual([token]);
  });

  it.each(['Basic abc', 'Bearer', 'Bearer a b', 'Bearer \n', `Bearer ${'x'.repeat(600)}`])(
    '%p is refused',
    async (authorization) => {
      const call = gateWith().gate.run({ ...facts, authorization }, async () => 1);
      expect(await codeOf(call)).toBe('UNAUTHENTICATED');
    },
  );

  it('passes deadline and a well-formed traceparent on, and no other', async () => {
    const { gate } = gateWith();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const good = gate.contextOf({ ...facts, deadlineMs: 5, traceparent });
    expect(good).toMatchObject({ deadlineMs: 5, traceparent });
    for (const bad of [
      '',
      'x',
      `${traceparent}-`,
      traceparent.toUpperCase(),
      `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    ]) {
      expect('traceparent' in gate.contextOf({ ...facts, traceparent: bad })).toBe(false);
    }
  });
});

describe('log', () => {
  it('tells refused calls at info and good ones at debug only', async () => {
    const quiet = gateWith();
    await quiet.gate.run(facts, async () => 1);
    expect(quiet.lines).toEqual([]);
    const all = gateWith(4, 'debug');
    await all.gate.run({ ...facts, tenant: 'acme', executionId: 'x-1' }, async () => 1);
    expect(all.lines[0]).toMatchObject({ method: 'Evaluate', code: 'OK', tenant: 'acme', executionId: 'x-1' });
    await codeOf(
      quiet.gate.run(facts, async () => {
        throw new RejectedError('NAME_INVALID', 'secret', { value: 'secret' });
      }),
    );
    expect(quiet.lines[0]).toMatchObject({ code: 'NAME_INVALID' });
    expect(JSON.stringify(quiet.lines)).not.toContain('secret');
  });

  it('shows where a bug is, not what it says, and no name that is not well formed', async () => {
    const { gate, lines } = gateWith();
    await codeOf(
      gate.run({ ...facts, tenant: 'A\u001b[31m', executionId: 'x\nforged' }, async () => {
        throw new TypeError('cannot read secret');
      }),
    );
    expect(lines[0]).toMatchObject({ level: 50, code: 'INTERNAL', failure: { name: 'TypeError' } });
    const text = JSON.stringify(lines);
    expect(text).not.toMatch(/secret|forged|\[31m/);
  });
});
