import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WritClient } from '@writ/client';
import { http } from '../../e2e/harness/clients.js';
import { startTestServer, type TestServer } from '../../e2e/harness/server.js';
import { canMount, describeIf, mountTmpfs, type Tmpfs } from '../harness/machine.js';
import { tell } from '../harness/seed.js';
import { SingleCalls } from '../harness/single-calls.js';
import { storedExecutions } from '../harness/stored-executions.js';
import { publishTransferPolicies, TENANT } from '../harness/transfers.mjs';

/** The 99th percentile of the answers in one outage, measured at the client. */
const REFUSED_WITHIN_MS = 250;
const NOT_READY_WITHIN_MS = 1_000;
const RECOVERED_WITHIN_MS = 5_000;
const PROBES = 200;
/** Under way at once: an outage meets callers, not a caller. */
const AT_ONCE = 4;

interface Probe {
  readonly executionId: string;
  /** `OK`, or `<gRPC status>/<code>`. */
  readonly answer: string;
  readonly ms: number;
}

let folder: string;
let server: TestServer | undefined;
let calls: SingleCalls | undefined;
let executions = 0;
/** Of answers while all is well: a machine that is late with these is late with refusals. */
let usualP99Ms = 0;
let answered: Probe[] = [];

const storeFolder = (): string => join(folder, 'disk');
const store = (): string => join(storeFolder(), 'ledger.db');

/** A server whose store is alone on `disk/`; what it remembers of itself is elsewhere. */
async function begin(env: Readonly<Record<string, string>> = {}): Promise<void> {
  mkdirSync(storeFolder(), { recursive: true });
  server = await startTestServer({
    folder,
    env: {
      WRIT_STORE_URL: `sqlite:${store()}`,
      WRIT_STATE_DIR: join(folder, 'state'),
      WRIT_LINEAGE_DIR: join(folder, 'lineage'),
      WRIT_MARK_DIR: join(folder, 'mark'),
      WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
      WRIT_KEY_FILE: join(folder, 'key.json'),
      ...env,
    },
  });
  const client = WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT });
  await publishTransferPolicies(client);
  client.close();
  calls = new SingleCalls(server.grpcPort);
  await probeMany();
  usualP99Ms = p99Of(await probeMany());
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-closed-'));
  answered = [];
});

afterEach(async () => {
  calls?.close();
  await server?.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** One Evaluate, sent once. */
async function probe(bytes = 10): Promise<Probe> {
  executions += 1;
  const executionId = `closed-${executions}`;
  const begun = performance.now();
  const answer = await (calls as SingleCalls).evaluate(executionId, { bytes });
  const made = { executionId, answer, ms: performance.now() - begun };
  answered.push(made);
  return made;
}

async function probeMany(): Promise<readonly Probe[]> {
  const probes: Probe[] = [];
  const lane = async (): Promise<void> => {
    while (probes.length < PROBES) probes.push(await probe());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return probes;
}

function p99Of(probes: readonly Probe[]): number {
  const sorted = probes.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] as number;
}

async function isReady(): Promise<boolean> {
  return (await http((server as TestServer).httpPort, 'GET', '/health/ready')).status === 200;
}

async function msUntil(reached: () => Promise<boolean>, limitMs: number): Promise<number> {
  const begun = performance.now();
  while (!(await reached())) {
    expect(performance.now() - begun).toBeLessThan(limitMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - begun;
}

/** Refused in time with one of `codes`, told by health in time, and nothing of it anywhere. */
async function expectOutage(name: string, codes: readonly string[]): Promise<void> {
  const notReady = msUntil(async () => !(await isReady()), NOT_READY_WITHIN_MS);
  const probes = await probeMany();
  const refusals = codes.map((code) => `UNAVAILABLE/${code}`);
  expect(probes.map(({ answer }) => answer).filter((answer) => !refusals.includes(answer))).toStrictEqual([]);
  const p99 = p99Of(probes);
  expect(p99).toBeLessThan(Math.max(REFUSED_WITHIN_MS, 3 * usualP99Ms));
  const figures = {
    p99Ms: Math.round(p99),
    usualP99Ms: Math.round(usualP99Ms),
    notReadyMs: Math.round(await notReady),
  };
  tell('fail-closed', { outage: name, ...figures });
  expect(await isReady()).toBe(false);
}

async function expectRecovery(): Promise<void> {
  await msUntil(async () => (await probe()).answer === 'OK', RECOVERED_WITHIN_MS);
  await msUntil(isReady, RECOVERED_WITHIN_MS);
}

/** Whatever was admitted is there; of what was refused there is nothing. */
async function expectStored(): Promise<void> {
  const stored = await storedExecutions(store());
  for (const { executionId, answer } of answered) {
    const types = stored.get(`execution-${TENANT}.${executionId}`)?.types;
    const expected = answer === 'OK' ? ['DecisionAdmitted', 'ReservationPlaced'] : undefined;
    if (!answer.endsWith('STORE_OUTCOME_UNKNOWN')) expect([executionId, types]).toStrictEqual([executionId, expected]);
  }
}

describe('a store that goes away under a server', () => {
  it('is an outage for as long as it is gone', async () => {
    await begin();
    for (let round = 0; round < 3; round += 1) {
      expect((await probe()).answer).toBe('OK');
      renameSync(storeFolder(), join(folder, 'away'));
      await expectOutage('moved away', ['STORE_UNAVAILABLE']);
      renameSync(join(folder, 'away'), storeFolder());
      await expectRecovery();
    }
    await expectStored();
  }, 180_000);
});

describeIf(canMount, 'mounting needs root')('a disk under a server', () => {
  it('that comes back read-only is read and not written, until it is writable again', async () => {
    await begin();
    expect((await probe()).answer).toBe('OK');
    // What the server has open keeps the kernel from remounting in place: it finds the same files behind a bind mount.
    renameSync(storeFolder(), join(folder, 'away'));
    await msUntil(async () => (await probe()).answer !== 'OK', NOT_READY_WITHIN_MS);
    mkdirSync(storeFolder());
    execFileSync('mount', ['--bind', join(folder, 'away'), storeFolder()]);
    try {
      execFileSync('mount', ['-o', 'remount,bind,ro', storeFolder()]);
      await expectOutage('read-only', ['STORE_READ_ONLY', 'STORE_UNAVAILABLE']);
      const { executionId } = answered[0] as Probe;
      const { execution } = await (calls as SingleCalls).call('getExecution', { executionId });
      expect(execution.events).toHaveLength(2);
    } finally {
      execFileSync('umount', ['-l', storeFolder()]);
      rmdirSync(storeFolder());
      renameSync(join(folder, 'away'), storeFolder());
    }
    await expectRecovery();
    await expectStored();
  }, 180_000);

  it('that is full admits nothing, and is used again when there is room', async () => {
    const disk: Tmpfs = mountTmpfs(12);
    try {
      const ballast = join(disk.path, 'ballast');
      mkdirSync(storeFolder());
      execFileSync('mount', ['--bind', disk.path, storeFolder()]);
      await begin();
      writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024));
      while ((await probe(20_000)).answer === 'OK');
      expect(answered.length).toBeGreaterThan(20);
      expect(answered.at(-1)?.answer).toBe('UNAVAILABLE/STORE_FULL');
      // A smaller one may still fit: until nothing does.
      for (let bytes = 8_000; bytes > 1; bytes = Math.floor(bytes / 2)) while ((await probe(bytes)).answer === 'OK');
      await expectOutage('full', ['STORE_FULL']);
      rmSync(ballast);
      await expectRecovery();
      await expectStored();
    } finally {
      await server?.stop('SIGKILL');
      execFileSync('umount', ['-l', storeFolder()]);
      disk.unmount();
    }
  }, 180_000);
});
