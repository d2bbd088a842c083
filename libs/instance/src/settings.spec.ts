import { LedgerError } from '@writ/errors';
import { isLoopback, parseSettings, type SettingProblem } from './parse-settings.js';
import { SETTINGS, type Variable } from './settings.js';

function problemsOf(env: Record<string, string>): readonly SettingProblem[] {
  try {
    parseSettings(env);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    expect(error.code).toBe('CONFIGURATION_INVALID');
    return error.details['problems'] as readonly SettingProblem[];
  }
  return [];
}
const wrongOnes = (env: Record<string, string>) => problemsOf(env).map((problem) => problem.variable);

describe('parseSettings', () => {
  it('fills in every default', () => {
    expect(parseSettings({})).toEqual({
      store: { kind: 'sqlite', path: '.writ/ledger.db' },
      acceptUnprotected: false,
      origin: 'localhost/writ',
      keyFile: '.writ/attestation-key.json',
      stateDir: '.writ/state',
      lineageDir: '.writ/lineage',
      markDir: '.writ/mark',
      checkpointKeyFile: '.writ/checkpoint-key.json',
      anchorIntervalMs: 1000,
      anchorEntries: 4096,
      witnessFile: undefined,
      witnessAllowPrivate: false,
      grpc: { host: '127.0.0.1', port: 7420 },
      http: { host: '127.0.0.1', port: 7421 },
      tls: undefined,
      allowPlaintext: false,
      tokensFile: undefined,
      maxSkewMs: 2000,
      clockToleranceMs: 2000,
      maxRequestBytes: 262_144,
      maxBatch: 256,
      appendQueue: 4096,
      minFreeBytes: 67_108_864,
      drainMs: 10_000,
      sweepIntervalMs: 1000,
      policyMaxStaleMs: 1000,
      signer: 'fast',
      logLevel: 'info',
      otlpEndpoint: undefined,
      publicHealth: true,
      publicTiles: true,
      publicEntries: false,
    });
  });

  it('takes an empty text for unset', () => {
    expect(parseSettings({ WRIT_TOKENS_FILE: '', WRIT_MAX_BATCH: '' })).toEqual(parseSettings({}));
  });

  it('names every wrong variable at once, its value, and what it wants', () => {
    expect(problemsOf({ WRIT_MAX_BATCH: '1e3', WRIT_SIGNER: 'slow', WRIT_STORE_URL: '/tmp/x' })).toEqual([
      { variable: 'WRIT_STORE_URL', value: '/tmp/x', wants: SETTINGS.WRIT_STORE_URL.wants },
      { variable: 'WRIT_MAX_BATCH', value: '1e3', wants: SETTINGS.WRIT_MAX_BATCH.wants },
      { variable: 'WRIT_SIGNER', value: 'slow', wants: SETTINGS.WRIT_SIGNER.wants },
    ]);
  });

  it('takes the connection string of a server as it is', () => {
    for (const connection of [
      'esdb://writ:p%40ss@a.example:2113?tlsCAFile=ca.pem',
      'esdb+discover://cluster.example',
    ]) {
      expect(parseSettings({ WRIT_STORE_URL: connection }).store).toEqual({ kind: 'eventstoredb', connection });
    }
  });

  it.each([
    'esdb://writ:hush@a.example:99999',
    'esdb://writ:hu:hush@a.example',
    'esdb://writ:hush@',
    'esdb://writ:hush@a.example?tls=false',
    'esdb+other://writ:hush@a.example',
    'kurrentdb://writ:hush@a.example',
    'https://writ:hush@a.example',
  ])('never tells the password in %s', (url) => {
    const problems = problemsOf({ WRIT_STORE_URL: url });
    expect(problems.map(({ variable }) => variable)).toEqual(['WRIT_STORE_URL']);
    expect(JSON.stringify(problems)).not.toContain('hush');
  });

  it('says what is wrong with a connection string', () => {
    const [problem] = problemsOf({ WRIT_STORE_URL: 'esdb://a.example:99999' });
    expect(problem?.wants).toContain('port of `a.example`');
  });

  it.each([
    ['WRIT_MAX_SKEW_MS', ['-1', '60001', '1.5', '0x10', ' 5', '١']],
    ['WRIT_GRPC_ADDRESS', ['7420', '127.0.0.1', ':7420', '127.0.0.1:65536', 'a b:1', '::1:7420']],
    ['WRIT_ALLOW_PLAINTEXT', ['true', '1', 'YES']],
    ['WRIT_ORIGIN', ['https://x.org', 'x.org/', '/x', 'x y', 'X.org', 'a'.repeat(129), 'x\ny']],
    ['WRIT_STORE_URL', ['sqlite:', 'memory:x', 'esdb+x:', 'sqlite:a\0b']],
    ['WRIT_OTLP_ENDPOINT', ['localhost:4318', 'file:///etc/passwd', 'http://']],
  ] satisfies [Variable, string[]][])('refuses what %s cannot have', (variable, values) => {
    for (const value of values) expect([value, wrongOnes({ [variable]: value })]).toEqual([value, [variable]]);
  });

  it('refuses a setting that does not exist, and guesses what was meant', () => {
    const [problem] = problemsOf({ WRIT_TOKEN_FILE: 'x' });
    expect(problem?.variable).toBe('WRIT_TOKEN_FILE');
    expect(problemsOf({ WRIT_ALLOW_PLAIN: 'no' })[0]?.wants).toContain('WRIT_ALLOW_PLAINTEXT');
  });

  it('lets nothing listen beyond loopback without tokens and TLS', () => {
    const beyond = { WRIT_GRPC_ADDRESS: '0.0.0.0:7420' };
    const tokens = { WRIT_TOKENS_FILE: 'tokens.json' };
    const tls = { WRIT_TLS_CERT_FILE: 'c.pem', WRIT_TLS_KEY_FILE: 'k.pem' };
    expect(wrongOnes(beyond)).toEqual(['WRIT_GRPC_ADDRESS', 'WRIT_GRPC_ADDRESS']);
    expect(wrongOnes({ ...beyond, ...tokens })).toEqual(['WRIT_GRPC_ADDRESS']);
    expect(wrongOnes({ ...beyond, ...tls })).toEqual(['WRIT_GRPC_ADDRESS']);
    expect(wrongOnes({ ...beyond, ...tokens, ...tls })).toEqual([]);
    expect(wrongOnes({ ...beyond, ...tokens, WRIT_ALLOW_PLAINTEXT: 'yes' })).toEqual([]);
  });

  it('wants certificate and key together', () => {
    expect(wrongOnes({ WRIT_TLS_CERT_FILE: 'c.pem' })).toEqual(['WRIT_TLS_KEY_FILE']);
    expect(wrongOnes({ WRIT_TLS_KEY_FILE: 'k.pem' })).toEqual(['WRIT_TLS_CERT_FILE']);
    expect(wrongOnes({ WRIT_TLS_CLIENT_CA_FILE: 'ca.pem' })).toEqual(['WRIT_TLS_CLIENT_CA_FILE']);
  });

  it('knows loopback', () => {
    const hosts = ['127.0.0.1', '127.9.9.9', '::1', 'localhost', '0.0.0.0', '::', '127.evil.org', '10.0.0.1'];
    expect(hosts.filter((host) => isLoopback({ host, port: 1 }))).toEqual(hosts.slice(0, 4));
  });

  it('has defaults that its own schemas accept, and a description for each', () => {
    for (const setting of Object.values(SETTINGS)) {
      if ('default' in setting) expect(setting.schema.safeParse(setting.default).success).toBe(true);
      expect(setting.description).toMatch(/\.$/);
    }
  });
});
