import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeClock } from './clock.js';

const START_MS = Date.UTC(2026, 0, 15, 12);
let stateDir: string;
let wallMs: number;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'writ-clock-'));
  wallMs = START_MS;
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const open = () => new NodeClock({ stateDir, toleranceMs: 2_000, wallMs: () => wallMs });
/** What is being written in the background is there, and nothing more. */
const written = (clock: NodeClock) => clock.settled();
const codeOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the clock of a node', () => {
  it('tells the wall clock', () => {
    const clock = open();
    expect(clock.nowMs()).toBe(START_MS);
    wallMs += 5;
    expect(clock.nowMs()).toBe(START_MS + 5);
  });

  it('bears a small step back and refuses a larger one, until time has caught up', () => {
    const clock = open();
    clock.nowMs();
    wallMs -= 2_000;
    expect(clock.nowMs()).toBe(START_MS - 2_000);
    wallMs -= 1;
    expect(codeOf(() => clock.nowMs())).toBe('CLOCK_BEHIND');
    wallMs = START_MS + 1;
    expect(clock.nowMs()).toBe(START_MS + 1);
  });

  it('remembers over a restart, at most a second old', async () => {
    const clock = open();
    clock.nowMs();
    await written(clock);
    wallMs += 999;
    clock.nowMs();
    await written(clock);
    expect(readFileSync(join(stateDir, 'clock-high-water'), 'utf8')).toBe('2026-01-15T12:00:00.000Z\n');
    wallMs += 1;
    clock.nowMs();
    await written(clock);
    expect(readFileSync(join(stateDir, 'clock-high-water'), 'utf8')).toBe('2026-01-15T12:00:01.000Z\n');
    wallMs = START_MS - 3_600_000;
    expect(codeOf(() => open().nowMs())).toBe('CLOCK_BEHIND');
  });

  it('writes what it has not written yet when it is told to', async () => {
    const clock = open();
    clock.nowMs();
    wallMs += 10;
    clock.nowMs();
    await clock.persist();
    expect(open().highWaterMs).toBe(START_MS + 10);
  });

  it('starts on no mark, and not on one that cannot be read', () => {
    expect(open().highWaterMs).toBe(0);
    writeFileSync(join(stateDir, 'clock-high-water'), 'yesterday\n');
    expect(codeOf(open)).toBe('STORE_CORRUPT');
  });

  it('goes on where its folder takes no writes, and says so', async () => {
    const clock = open();
    rmSync(stateDir, { recursive: true });
    writeFileSync(stateDir, 'a file where the folder should be');
    expect(clock.nowMs()).toBe(START_MS);
    await written(clock);
    expect(clock.problem).toMatchObject({ code: expect.stringMatching(/EEXIST|ENOTDIR/) });
  });
});
