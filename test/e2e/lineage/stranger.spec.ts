import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describeReader, SecondReader } from '../../second-reader/reader.js';
import { GrpcClient } from '../harness/clients.js';
import { removeFolders, startTestServer, temporaryFolder } from '../harness/server.js';
import { evaluateRequest, publishLoanPolicy } from '../harness/story.js';

jest.setTimeout(120_000);
afterAll(removeFolders);

/** So that the tree has full tiles, a partial one, and a second level. */
const EXECUTIONS = 140;
const WRIT = resolve(__dirname, '../../../apps/cli/bin/writ.js');

/** Runs the command on what lies in `folder`; returns what it says. */
function writ(folder: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WRIT, ...args], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

describeReader('a stranger with a copy of the tiles, a bundle and the public keys', () => {
  const away = temporaryFolder();
  const at = (name: string): string => join(away, name);
  let reader: SecondReader;

  beforeAll(async () => {
    reader = new SecondReader();
    const env = { WRIT_ORIGIN: 'ledger.test/stranger', WRIT_ANCHOR_INTERVAL_MS: '200' };
    const server = await startTestServer({ env });
    await publishLoanPolicy(server.httpPort, 'acme');
    const executions = new GrpcClient('ExecutionService', server.grpcPort);
    const requests = Array.from({ length: EXECUTIONS }, (_, number) => evaluateRequest(`app-${number}`));
    await executions.call('EvaluateBatch', { requests });
    executions.close();
    const prove = (file: string, ...args: string[]): string =>
      writ(
        server.folder,
        'prove',
        'app-17',
        '--tenant',
        'acme',
        '--address',
        `127.0.0.1:${server.grpcPort}`,
        '--out',
        at(file),
        ...args,
      );
    prove('bundle.json', '--wait', '30s');
    prove('withheld.json', '--withhold-all');
    prove('commit.tlog-proof', '--tlog-proof', '--revision', '1');
    await server.stop();
    const origin = ['--origin', 'ledger.test/stranger'];
    writ(server.folder, 'keys', 'export', '--trust', '--store', '.writ/ledger.db', ...origin, '--out', at('trust.txt'));
    cpSync(join(server.folder, '.writ/lineage'), at('mirror'), { recursive: true });
  });
  afterAll(() => reader.close());

  it('finds the whole tree under the checkpoint', async () => {
    const request = { kind: 'tiles', trust: at('trust.txt'), file: at('mirror/checkpoint'), folder: at('mirror') };
    const answer = await reader.ask(request);
    expect(answer).toMatchObject({ verified: true, origin: 'ledger.test/stranger' });
    expect(answer['entries']).toBeGreaterThan(2 * EXECUTIONS);
  });

  it.each(['bundle.json', 'withheld.json'])('verifies %s, and that no event was left out', async (file) => {
    const answer = await reader.ask({ kind: 'bundle', trust: at('trust.txt'), file: at(file), folder: at('mirror') });
    expect(answer).toMatchObject({ verified: true, verdict: 'decided' });
    expect(answer['checks']).toMatchObject({ completeness: ['passed', null] });
  });

  it('verifies the place of one entry', async () => {
    const { streams } = JSON.parse(readFileSync(at('bundle.json'), 'utf8')) as {
      streams: { execution: { events: { attestation: { entry: string } }[] } };
    };
    writeFileSync(at('entry'), streams.execution.events[1]?.attestation.entry ?? '');
    const proof = { kind: 'proof', trust: at('trust.txt'), file: at('commit.tlog-proof') };
    expect(await reader.ask({ ...proof, entry: at('entry') })).toMatchObject({ verified: true });
    writeFileSync(at('entry'), streams.execution.events[0]?.attestation.entry ?? '');
    expect(await reader.ask({ ...proof, entry: at('entry') })).toEqual({ verified: false, code: 'PROOF_INVALID' });
  });
});
