import { HealthWatch } from './health-watch.js';

type Readiness = HealthWatch['readiness'];

const READY: Readiness = { ready: true, checks: [] };
const FULL: Readiness = { ready: false, checks: [{ name: 'store', ok: false, code: 'STORE_FULL' }] };

function watchOf(look: () => Promise<Readiness>): { watch: HealthWatch; told: string[] } {
  const watch = new HealthWatch({ readiness: look }, { ready: false });
  const told: string[] = [];
  const setStatus = watch.grpc.setStatus.bind(watch.grpc);
  watch.grpc.setStatus = (name, status) => {
    if (name === '') told.push(status);
    setStatus(name, status);
  };
  return { watch, told };
}

describe('health watch', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('tells what it sees, once for each change', async () => {
    let seen = READY;
    const { watch, told } = watchOf(async () => seen);
    await watch.start();
    await jest.advanceTimersByTimeAsync(1_000);
    seen = FULL;
    await jest.advanceTimersByTimeAsync(250);
    expect(watch.readiness).toEqual(FULL);
    seen = READY;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
    watch.stop();
    expect(watch.readiness.checks).toEqual([{ name: 'shutdown', ok: false, code: 'SHUTTING_DOWN' }]);
  });

  it('counts a look that hangs as not ready within a second, and recovers with its answer', async () => {
    let answer = (_readiness: Readiness): void => undefined;
    let hang = false;
    const { watch, told } = watchOf(() => (hang ? new Promise((settle) => (answer = settle)) : Promise.resolve(READY)));
    await watch.start();
    hang = true;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(watch.readiness).toMatchObject({ ready: false, checks: [{ code: 'STORE_UNAVAILABLE' }] });
    hang = false;
    answer(READY);
    await jest.advanceTimersByTimeAsync(10);
    expect(told).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
    watch.stop();
  });

  it('says nothing more after it was stopped', async () => {
    const { watch } = watchOf(async () => READY);
    await watch.start();
    watch.stop();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(watch.readiness.ready).toBe(false);
  });
});
