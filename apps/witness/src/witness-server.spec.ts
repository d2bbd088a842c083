import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  formatAddCheckpoint,
  formatVerifierKey,
  meetsQuorum,
  parseTrustPolicy,
  verifyCheckpoint,
  type TrustPolicy,
} from '@writ/checkpoint';
import { sha256, toHex, utf8 } from '@writ/encoding';
import { WitnessHttp, WitnessSet } from '@writ/lineage';
import { NoteKey } from '@writ/signing';

import { entries, logKey, ORIGIN, signedBy, TestLog } from './logs.fixture.js';
import { startWitnessServer, type RunningWitness } from './witness-server.js';
import { WitnessState } from './witness-state.js';
import { Witness } from './witness.js';

const NOW_MS = 1_767_225_600_000;
const log = new TestLog(entries(130));
const fork = new TestLog([...entries(3), ...entries(127, 'fork')]);

interface RunningTestWitness {
  readonly key: NoteKey;
  readonly state: WitnessState;
  readonly server: RunningWitness;
}

let folder: string;
const running: RunningTestWitness[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'writ-witness-server-'))));
afterEach(async () => {
  for (const { server, state } of running.splice(0)) {
    await server.close();
    state.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function start(seed: number): Promise<RunningTestWitness> {
  const key = new NoteKey('cosignature', `witness.example/w${String(seed)}`, new Uint8Array(32).fill(seed), 0);
  const path = join(folder, `${String(seed)}.db`);
  WitnessState.create(path, key.vkey);
  const state = WitnessState.open(path, key.vkey);
  const witness = new Witness({ logs: [{ key: logKey.key }], signer: key, state, nowMs: () => NOW_MS });
  const server = await startWitnessServer(witness, { host: '127.0.0.1', port: 0 });
  const one = { key, state, server };
  running.push(one);
  return one;
}

function policyOf(
  witnesses: readonly RunningTestWitness[],
  threshold: string,
  urls = witnesses.map((w) => w.server.url),
): TrustPolicy {
  const lines = witnesses.map(
    ({ key }, at) => `witness w${String(at)} ${formatVerifierKey(key.key)} ${urls[at] ?? ''}`,
  );
  const names = witnesses.map((_, at) => `w${String(at)}`).join(' ');
  return parseTrustPolicy(
    [`log ${logKey.vkey}`, ...lines, `group all ${threshold} ${names}`, 'quorum all', ''].join('\n'),
  );
}

function setOf(policy: TrustPolicy, clock = { ms: 0 }): WitnessSet {
  const transport = new WitnessHttp({ allowPrivate: true });
  return new WitnessSet(policy, { transport, nowMs: () => clock.ms, timeoutMs: 2_000 });
}

async function cosign(set: WitnessSet, size: number, of = log): ReturnType<WitnessSet['cosign']> {
  return set.cosign({
    text: of.text(size),
    signedNote: of.note(size),
    head: { sizeLeaves: BigInt(size), root: of.root(size) },
    prove: (old) => of.path(Number(old), size),
  });
}

describe('a log and its witnesses', () => {
  it('collects cosignatures that make the quorum', async () => {
    const witnesses = [await start(11), await start(12), await start(13)];
    const policy = policyOf(witnesses, '2');
    const set = setOf(policy);
    for (const size of [1, 5, 5, 64, 130]) {
      const { cosignatures, outcomes } = await cosign(set, size);
      expect(outcomes.map(({ result }) => result)).toEqual(['cosigned', 'cosigned', 'cosigned']);
      const note = signedBy(logKey, log.text(size), cosignatures);
      expect(verifyCheckpoint(note, policy).cosignatures).toHaveLength(3);
    }
  });

  it.each([
    [0, 3],
    [1, 2],
    [2, 1],
    [3, 0],
  ])('counts who cosigned: %d of 3 are down', async (down, cosigned) => {
    const witnesses = [await start(11), await start(12), await start(13)];
    const urls = witnesses.map(({ server }, at) => (at < down ? 'http://127.0.0.1:9' : server.url));
    const policy = policyOf(witnesses, '2', urls);
    const { cosignatures, outcomes } = await cosign(setOf(policy), 7);
    expect(outcomes.filter(({ result }) => result === 'unreachable')).toHaveLength(down);
    expect(cosignatures).toHaveLength(cosigned);
    const names = new Set(outcomes.filter(({ result }) => result === 'cosigned').map(({ witness }) => witness));
    expect(meetsQuorum(policy.quorum, names)).toBe(cosigned >= 2);
  });

  it('finds out where a witness stands that it does not know any more', async () => {
    const one = await start(11);
    await cosign(setOf(policyOf([one], 'all')), 40);
    const fresh = setOf(policyOf([one], 'all'));
    expect((await cosign(fresh, 90)).outcomes).toMatchObject([{ result: 'cosigned' }]);
    expect(one.state.read(ORIGIN)?.sizeLeaves).toBe(90n);
  });

  it('is told that it is behind, and that it forked', async () => {
    const one = await start(11);
    await cosign(setOf(policyOf([one], 'all')), 40);
    const behind = await cosign(setOf(policyOf([one], 'all')), 39);
    expect(behind).toMatchObject({ cosignatures: [], outcomes: [{ result: 'ahead' }] });
    for (const size of [40, 41, 100]) {
      expect(await cosign(setOf(policyOf([one], 'all')), size, fork)).toMatchObject({
        cosignatures: [],
        outcomes: [{ result: 'inconsistent' }],
      });
    }
    expect(one.state.read(ORIGIN)?.sizeLeaves).toBe(40n);
  });

  it('keeps no cosignature by another key under the name of a witness', async () => {
    const [one, other] = [await start(11), await start(12)];
    const swapped = policyOf([one], 'all', [other.server.url]);
    expect(await cosign(setOf(swapped), 5)).toMatchObject({ cosignatures: [], outcomes: [{ result: 'invalid' }] });
  });

  it('leaves a witness that does not answer alone for a while, longer each time', async () => {
    const one = await start(11);
    const clock = { ms: 0 };
    const set = setOf(policyOf([one], 'all', ['http://127.0.0.1:9']), clock);
    const asked: number[] = [];
    for (clock.ms = 0; clock.ms <= 20_000; clock.ms += 500) {
      if ((await cosign(set, 5)).outcomes.length > 0) asked.push(clock.ms);
    }
    expect(asked).toEqual([0, 2_000, 6_000, 14_000]);
    expect(set.isOneDue()).toBe(false);
  });
});

describe('the server', () => {
  const send = (url: string, body: string, method = 'POST'): Promise<{ status: number; type: string; text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method, agent: false }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const type = response.headers['content-type'] ?? '';
          resolve({ status: response.statusCode ?? 0, type, text: Buffer.concat(parts).toString() });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });

  it('goes through a session, status by status', async () => {
    const { server, key } = await start(11);
    const other = new NoteKey('checkpoint', ORIGIN, new Uint8Array(32).fill(2), 0);
    const foreign = new NoteKey('checkpoint', 'other.example', new Uint8Array(32).fill(3), 0);
    const bodyOf = async (old: number, size: number, of = log, note = of.note(size)): Promise<string> =>
      formatAddCheckpoint({
        oldSizeLeaves: BigInt(old),
        path: old === 0 ? [] : await of.path(Math.min(old, size), size),
        checkpoint: note,
      });
    const session: readonly (readonly [string, number, string])[] = [
      ['old 0', 400, ''],
      [await bodyOf(0, 5, log, log.note(5, foreign)), 404, ''],
      [await bodyOf(0, 5, log, log.note(5, other)), 403, ''],
      [await bodyOf(3, 5), 409, '0\n'],
      [await bodyOf(0, 5), 200, ''],
      [await bodyOf(0, 5), 409, '5\n'],
      [await bodyOf(5, 5), 200, ''],
      [await bodyOf(5, 30, fork), 422, ''],
      [await bodyOf(5, 30), 200, ''],
      [await bodyOf(5, 40), 409, '30\n'],
      [await bodyOf(31, 30), 400, ''],
      [await bodyOf(30, 30, fork), 422, ''],
    ];
    for (const [body, status, text] of session) {
      const answered = await send(`${server.url}/add-checkpoint`, body);
      expect(answered.status).toBe(status);
      if (status === 409) expect([answered.type, answered.text]).toEqual(['text/x.tlog.size', text]);
      if (status === 200) expect(answered.text).toContain(`\u2014 ${key.key.name} `);
    }
    const monitored = await send(`${server.url}/${toHex(sha256(utf8(ORIGIN)))}/checkpoint`, '', 'GET');
    expect(monitored).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    expect(monitored.text.startsWith(log.text(30))).toBe(true);
  });

  it('answers what is not asked for with 404, 405 and 413', async () => {
    const { server } = await start(11);
    expect((await send(`${server.url}/`, '', 'GET')).status).toBe(404);
    expect((await send(`${server.url}/${'0'.repeat(64)}/checkpoint`, '', 'GET')).status).toBe(404);
    expect((await send(`${server.url}/${toHex(sha256(utf8(ORIGIN)))}/checkpoint`, '', 'GET')).status).toBe(404);
    expect((await send(`${server.url}/add-checkpoint`, '', 'GET')).status).toBe(405);
    expect((await send(`${server.url}/health`, '', 'DELETE')).status).toBe(405);
    expect((await send(`${server.url}/health`, '', 'GET')).status).toBe(200);
    expect((await send(`${server.url}/add-checkpoint`, 'x'.repeat(140_000))).status).toBe(413);
  });

  it('is not held up by those who connect and say nothing', async () => {
    const { server } = await start(11);
    const port = Number(new URL(server.url).port);
    const idle = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    expect((await send(`${server.url}/health`, '', 'GET')).status).toBe(200);
    for (const socket of idle) socket.destroy();
  });

  it('cosigns one of many requests that extend the same tree, over the wire', async () => {
    const { server } = await start(11);
    const body = (size: number, path: readonly Uint8Array[], old: bigint): string =>
      formatAddCheckpoint({ oldSizeLeaves: old, path, checkpoint: log.note(size) });
    await send(`${server.url}/add-checkpoint`, body(5, [], 0n));
    const bodies = await Promise.all(
      [6, 7, 8, 20, 33, 64].map(async (size) => body(size, await log.path(5, size), 5n)),
    );
    const answers = await Promise.all(bodies.map((sent) => send(`${server.url}/add-checkpoint`, sent)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
  });
});

const main = join(__dirname, '../dist/main.js');
const isBuilt = ((): boolean => {
  try {
    readFileSync(main);
    return true;
  } catch {
    return false;
  }
})();

(isBuilt ? describe : describe.skip)('the process', () => {
  function run(...args: readonly string[]): { readonly child: ChildProcess; readonly output: () => string } {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
    return { child, output: () => output };
  }

  async function exitOf(child: ChildProcess): Promise<number | null> {
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  async function serve(dir: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
    const { child, output } = run('serve', '--dir', dir, '--port', '0');
    for (let tries = 0; tries < 200; tries++) {
      const url = /listening on (\S+)/.exec(output())?.[1];
      if (url !== undefined) return { child, url };
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(output());
  }

  it('makes its key, serves, is killed at any moment, and never cosigns a second tree', async () => {
    const dir = join(folder, 'w');
    const keygen = run('keygen', '--dir', dir, '--name', 'witness.example/p');
    expect(await exitOf(keygen.child)).toBe(0);
    const vkey = keygen.output().trim();
    writeFileSync(join(dir, 'logs.policy'), `log ${logKey.vkey}\nquorum none\n`);

    let known = 0;
    for (const [round, killAfterMs] of [0, 1, 2, 4, 8, 16].entries()) {
      const { child, url } = await serve(dir);
      const policy = parseTrustPolicy(`witness w ${vkey} ${url}\nquorum w\n`);
      const dead = exitOf(child);
      const asked = cosign(setOf(policy), 10 + round * 10);
      setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      const { cosignatures } = await asked;
      await dead;
      if (cosignatures.length > 0) known = 10 + round * 10;
    }
    const { child, url } = await serve(dir);
    const policy = parseTrustPolicy(`witness w ${vkey} ${url}\nquorum w\n`);
    if (known > 3)
      expect((await cosign(setOf(policy), 120, fork)).outcomes).toMatchObject([{ result: 'inconsistent' }]);
    expect((await cosign(setOf(policy), 130)).outcomes).toMatchObject([{ result: 'cosigned' }]);
    expect((await cosign(setOf(policy), 120, fork)).cosignatures).toEqual([]);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
  }, 60_000);

  it.each([
    [2, ['serve']],
    [2, ['what']],
    [2, ['serve', '--dir', 'x', '--port', 'y']],
    [4, ['serve', '--dir', '/nowhere/at/all']],
  ])('ends with %d: %j', async (code, args) => {
    expect(await exitOf(run(...args).child)).toBe(code);
  });
});
