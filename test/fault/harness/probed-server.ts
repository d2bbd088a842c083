import { WritClient } from '@writ/client';
import { http } from '../../e2e/harness/clients.js';
import { startTestServer, type TestServer } from '../../e2e/harness/server.js';
import { tell } from './seed.js';
import { SingleCalls } from './single-calls.js';
import { storedExecutions } from './stored-executions.js';
import { publishTransferPolicies, TENANT } from './transfers.mjs';

/** The 99th percentile of the answers in one outage, measured at the client. */
const REFUSED_WITHIN_MS = 250;
const NOT_READY_WITHIN_MS = 1_000;
const PROBES = 200;
/** Under way at once: an outage meets callers, not a caller. */
const AT_ONCE = 4;

export interface Probe {
  readonly executionId: string;
  /** `OK`, or `<gRPC status>/<code>`. */
  readonly answer: string;
  readonly ms: number;
}

/** A server that is asked for one new execution after the other, each once, and held to every answer. */
export class ProbedServer {
  readonly server: TestServer;
  readonly calls: SingleCalls;
  readonly answered: Probe[] = [];
  /** Of answers while all is well: a machine that is late with these is late with refusals. */
  #usualP99Ms = 0;

  private constructor(server: TestServer) {
    this.server = server;
    this.calls = new SingleCalls(server.grpcPort);
  }

  /** @param env settings over those of a test server in `folder` */
  static async begin(folder: string, env: Readonly<Record<string, string>>): Promise<ProbedServer> {
    const server = await startTestServer({ folder, env });
    const client = WritClient.connect({ address: `127.0.0.1:${server.grpcPort}`, tenant: TENANT });
    await publishTransferPolicies(client);
    client.close();
    const probed = new ProbedServer(server);
    await probed.#probeMany();
    probed.#usualP99Ms = p99Of(await probed.#probeMany());
    return probed;
  }

  async stop(): Promise<void> {
    this.calls.close();
    await this.server.stop('SIGKILL');
  }

  /** One Evaluate, sent once. */
  async probe(bytes = 10): Promise<Probe> {
    const executionId = `probed-${this.answered.length}-${Math.trunc(performance.now() * 1_000)}`;
    const begun = performance.now();
    const answer = await this.calls.evaluate(executionId, { bytes });
    const made = { executionId, answer, ms: performance.now() - begun };
    this.answered.push(made);
    return made;
  }

  async isReady(): Promise<boolean> {
    return (await http(this.server.httpPort, 'GET', '/health/ready')).status === 200;
  }

  /**
   * Refused in time with one of `codes`, told by health in time, and nothing of it anywhere.
   * @param slack how often the times that are allowed, where a server of the store shares the machine
   */
  async expectOutage(name: string, codes: readonly string[], slack = 1): Promise<void> {
    const notReady = msUntil(async () => !(await this.isReady()), NOT_READY_WITHIN_MS * slack);
    const probes = await this.#probeMany();
    const refusals = codes.map((code) => `UNAVAILABLE/${code}`);
    expect(probes.map(({ answer }) => answer).filter((answer) => !refusals.includes(answer))).toStrictEqual([]);
    const p99 = p99Of(probes);
    expect(p99).toBeLessThan(Math.max(REFUSED_WITHIN_MS * slack, 3 * this.#usualP99Ms));
    const figures = {
      p99Ms: Math.round(p99),
      usualP99Ms: Math.round(this.#usualP99Ms),
      notReadyMs: Math.round(await notReady),
    };
    tell('fail-closed', { outage: name, ...figures });
    expect(await this.isReady()).toBe(false);
  }

  /** @returns after how long it admitted again */
  async expectRecovery(withinMs: number): Promise<number> {
    const recoveredMs = await msUntil(async () => (await this.probe()).answer === 'OK', withinMs);
    await msUntil(() => this.isReady(), withinMs);
    return recoveredMs;
  }

  /** Whatever was admitted is there; of what was refused there is nothing. */
  async expectStored(storeUrl: string): Promise<void> {
    const stored = await storedExecutions(storeUrl);
    for (const { executionId, answer } of this.answered) {
      const types = stored.get(`execution-${TENANT}.${executionId}`)?.types;
      const expected = answer === 'OK' ? ['DecisionAdmitted', 'ReservationPlaced'] : undefined;
      if (!answer.endsWith('STORE_OUTCOME_UNKNOWN'))
        expect([executionId, types]).toStrictEqual([executionId, expected]);
    }
  }

  async #probeMany(): Promise<readonly Probe[]> {
    const probes: Probe[] = [];
    const lane = async (): Promise<void> => {
      while (probes.length < PROBES) probes.push(await this.probe());
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return probes;
  }
}

export async function msUntil(reached: () => Promise<boolean>, limitMs: number): Promise<number> {
  const begun = performance.now();
  while (!(await reached())) {
    expect(performance.now() - begun).toBeLessThan(limitMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - begun;
}

function p99Of(probes: readonly Probe[]): number {
  const sorted = probes.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] as number;
}
