import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writ } from '../../e2e/cli/writ.js';
import { killStarted, startNode, type TalkingProcess } from '../../fault/harness/processes.js';
import { ProbedServer } from '../../fault/harness/probed-server.js';

const CHILDREN = resolve(__dirname, '../../fault/server/children');

/** What a call that is sent once may be answered with when the store fails under it; every one of them says what it means. */
const ANSWERS = ['OK', 'UNAVAILABLE/STORE_UNAVAILABLE', 'UNAVAILABLE/STORE_OUTCOME_UNKNOWN'];
const NEXT_PROBE_AFTER_MS = 50;
/** Until a caller is promised something again: time enough for a machine that does other things. */
const ACKED_WITHIN_MS = 60_000;

interface Found {
  readonly events: number;
  readonly executions: number;
  readonly acked: number;
  readonly broken: readonly string[];
}

/**
 * A ledger on a store that will fail: sixteen callers evaluate and commit without pause and send again what stays without
 * an answer, in a process of their own that writes down what it was promised; beside them calls that are sent once.
 */
export class LedgerUnderLoad {
  readonly probed: ProbedServer;
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #client: TalkingProcess;
  #cycle = -1;
  #probing: Promise<void> | undefined;
  #stopped = false;

  private constructor(
    probed: ProbedServer,
    folder: string,
    settings: Readonly<Record<string, string>>,
    client: TalkingProcess,
  ) {
    this.probed = probed;
    this.#folder = folder;
    this.#settings = settings;
    this.#client = client;
  }

  /** @param store the settings that name it, which must be empty */
  static async begin(store: Readonly<Record<string, string>>): Promise<LedgerUnderLoad> {
    const folder = mkdtempSync(join(tmpdir(), 'writ-under-load-'));
    const settings = {
      ...store,
      WRIT_STATE_DIR: join(folder, 'state'),
      WRIT_LINEAGE_DIR: join(folder, 'lineage'),
      WRIT_MARK_DIR: join(folder, 'mark'),
      WRIT_CHECKPOINT_KEY_FILE: join(folder, 'checkpoint-key.json'),
      WRIT_KEY_FILE: join(folder, 'key.json'),
    };
    const probed = await ProbedServer.begin(folder, settings);
    const client = startNode(join(CHILDREN, 'crash-client.mjs'), [folder]);
    const ledger = new LedgerUnderLoad(probed, folder, settings, client);
    await ledger.untilAcked();
    ledger.#probing = ledger.#probe();
    return ledger;
  }

  /** Until the callers are promised something new. @returns after how many milliseconds they were */
  async untilAcked(): Promise<number> {
    this.#cycle += 1;
    const begun = performance.now();
    this.#client.send({ port: this.probed.server.grpcPort, cycle: this.#cycle });
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error(this.probed.server.logText().slice(-4_000))), ACKED_WITHIN_MS);
    });
    try {
      expect(await Promise.race([this.#client.next(), tooLate])).toStrictEqual({ acked: this.#cycle });
    } finally {
      clearTimeout(late);
    }
    return performance.now() - begun;
  }

  /**
   * Ends the load and holds the store against everything that anybody was told: what was acknowledged is there, what was
   * refused is not, an unknown outcome was named so, nobody committed twice, and `writ fsck` finds nothing.
   * @param storeUrl where the store is read past the ledger
   */
  async expectNothingLost(storeUrl: string): Promise<Omit<Found, 'broken'> & { readonly unknown: number }> {
    this.#stopped = true;
    await this.#probing;
    this.#client.send({ stop: true });
    const { wrong } = (await this.#client.next()) as { readonly wrong: readonly string[] };
    expect(wrong).toStrictEqual([]);
    const { answered } = this.probed;
    expect(answered.map(({ answer }) => answer).filter((answer) => !ANSWERS.includes(answer))).toStrictEqual([]);
    await this.probed.expectStored(storeUrl);
    await this.probed.server.stop('SIGTERM');
    const checker = startNode(join(CHILDREN, 'crash-checker.mjs'), [storeUrl, this.#folder]);
    const { broken, ...found } = (await checker.next()) as Found;
    expect(broken).toStrictEqual([]);
    expect(found.acked).toBeGreaterThan(0);
    await this.#expectSound(storeUrl);
    return { ...found, unknown: answered.filter(({ answer }) => answer.endsWith('OUTCOME_UNKNOWN')).length };
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await this.probed.stop();
    await killStarted();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #expectSound(storeUrl: string): Promise<void> {
    const { stdout, exitCode } = await writ(['fsck', '--json'], {
      env: { ...this.#settings, WRIT_STORE_URL: storeUrl },
    });
    const { verdict, findings, notYetSequenced } = JSON.parse(stdout) as Record<string, unknown>;
    expect({ verdict, findings, notYetSequenced, exitCode }).toStrictEqual({
      verdict: 'sound',
      findings: [],
      notYetSequenced: 0,
      exitCode: 0,
    });
  }

  /** One after the other, each sent once: what it is answered holds for good. */
  async #probe(): Promise<void> {
    while (!this.#stopped) {
      await this.probed.probe();
      await new Promise((resolve) => setTimeout(resolve, NEXT_PROBE_AFTER_MS));
    }
  }
}
