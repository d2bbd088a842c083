import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WritClient } from '@writ/client';
import { createToken } from '@writ/instance';
import { removeFolders, startTestServer, temporaryFolder, type TestServer } from '../harness/server.js';
import { payment, publishPaymentPolicies } from './payments.js';

jest.setTimeout(60_000);

let server: TestServer;
let ca: string;
const tokens = { operator: '', caller: '' };

beforeAll(async () => {
  const folder = temporaryFolder();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=ledger.test', '-addext', 'subjectAltName=DNS:ledger.test'];
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...make, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  ca = readFileSync(cert, 'utf8');
  const file = join(folder, 'tokens.json');
  const createdAt = new Date().toISOString();
  tokens.operator = createToken(file, { name: 'op', role: 'operator', tenants: '*', actions: '*' }, createdAt);
  tokens.caller = createToken(file, { name: 'pay', role: 'caller', tenants: ['acme'], actions: '*' }, createdAt);
  server = await startTestServer({
    folder,
    env: { WRIT_TOKENS_FILE: file, WRIT_TLS_CERT_FILE: cert, WRIT_TLS_KEY_FILE: key },
  });
});

afterAll(async () => {
  await server.stop();
  removeFolders();
});

function connect(token: string | undefined, tls: { ca?: string; serverName?: string }): WritClient {
  const address = `127.0.0.1:${server.grpcPort}`;
  const timeouts = { attemptMs: 2_000, callMs: 2_000 };
  return WritClient.connect({ address, tenant: 'acme', tls, timeouts, ...(token === undefined ? {} : { token }) });
}

describe('a client of a ledger with TLS and tokens', () => {
  it('runs with its token, and is told apart from an operator', async () => {
    const operator = connect(tokens.operator, { ca, serverName: 'ledger.test' });
    await publishPaymentPolicies(operator);
    const caller = connect(tokens.caller, { ca, serverName: 'ledger.test' });
    expect((await caller.executeFromSignals(payment('secured'), () => 'paid')).kind).toBe('executed');
    const retire = caller.policies.retire({ policyId: 'payments', version: '1.0.0', reason: 'mischief' });
    await expect(retire).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const { events } = await operator.getExecution({ executionId: 'secured' });
    expect(JSON.parse(events[0]!.data)).toMatchObject({ actor: { id: 'pay', role: 'caller' } });
    operator.close();
    caller.close();
  });

  it('is refused without a token, once: a wrong token is not repeated', async () => {
    const nobody = connect(undefined, { ca, serverName: 'ledger.test' });
    const run = nobody.executeFromSignals(payment('nobody'), () => 'paid');
    await expect(run).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    nobody.close();
  });

  it('sends nothing to a server whose certificate it does not know or that has another name', async () => {
    for (const tls of [{ serverName: 'ledger.test' }, { ca, serverName: 'other.test' }]) {
      const wary = connect(tokens.caller, tls);
      const outcome = await wary.executeFromSignals(payment('wary'), () => 'paid');
      expect(outcome).toMatchObject({ kind: 'unavailable', mayHaveHappened: false });
      wary.close();
    }
  });
});
