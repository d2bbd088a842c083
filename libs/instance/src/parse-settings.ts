import { isIPv4 } from 'node:net';
import { RejectedError } from '@writ/errors';
import type { z } from 'zod';
import type { Address } from './setting-values.js';
import { SETTINGS, type Settings, type Values, type Variable } from './settings.js';

/** One variable that cannot stand as it is. */
export interface SettingProblem {
  readonly variable: string;
  /** What is there, as far as it may be shown; absent where nothing is. */
  readonly value?: string;
  readonly wants: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from `env` (command-line flags are merged in by the caller, under the same names). An empty
 * text counts as unset, as container tools write it. A `WRIT_…` variable that does not exist is refused: a
 * misspelt safety setting must not be silently without effect.
 *
 * @throws RejectedError `CONFIGURATION_INVALID`, `details.problems` being every `SettingProblem`
 */
export function parseSettings(env: Environment): Settings {
  const problems: SettingProblem[] = Object.keys(env)
    .filter((name) => name.startsWith('WRIT_') && env[name] !== undefined && !Object.hasOwn(SETTINGS, name))
    .map((variable) => ({ variable, wants: `not to be set: there is no such setting${nearest(variable)}` }));
  const entries = (Object.keys(SETTINGS) as Variable[]).map((name) => [name, valueOf(name, env, problems)]);
  refuse(problems);
  const values = Object.fromEntries(entries) as Values;
  problems.push(...acrossSettings(values));
  refuse(problems);
  return settingsOf(values);
}

function valueOf(variable: Variable, env: Environment, problems: SettingProblem[]): unknown {
  const setting: (typeof SETTINGS)[Variable] & {
    readonly default?: string;
    readonly shown?: (text: string) => string;
  } = SETTINGS[variable];
  const given = env[variable];
  const text = given === undefined || given === '' ? setting.default : given;
  if (text === undefined) return undefined;
  const result = setting.schema.safeParse(text);
  if (result.success) return result.data;
  const value = (setting.shown?.(text) ?? text).slice(0, 200);
  problems.push({ variable, value, wants: [setting.wants, ...reasonsIn(result.error)].join('; ') });
  return undefined;
}

/** What a form says of its own accord, beyond what it wants. */
function reasonsIn({ issues }: z.ZodError): readonly string[] {
  return issues.flatMap((issue) =>
    issue.code === 'custom' && issue.params?.['isReason'] === true ? [issue.message] : [],
  );
}

/** Rules that hold between settings. */
function acrossSettings(values: Values): SettingProblem[] {
  const problems: SettingProblem[] = [];
  const { WRIT_TLS_CERT_FILE: cert, WRIT_TLS_KEY_FILE: key, WRIT_TLS_CLIENT_CA_FILE: ca } = values;
  if ((cert === undefined) !== (key === undefined)) {
    const variable = cert === undefined ? 'WRIT_TLS_CERT_FILE' : 'WRIT_TLS_KEY_FILE';
    problems.push({ variable, wants: 'to be set too: certificate and key belong together' });
  }
  if (ca !== undefined && cert === undefined) {
    problems.push({ variable: 'WRIT_TLS_CLIENT_CA_FILE', wants: 'a certificate and key of the server beside it' });
  }
  for (const variable of ['WRIT_GRPC_ADDRESS', 'WRIT_HTTP_ADDRESS'] as const) {
    const value = values[variable];
    if (isLoopback(value)) continue;
    if (values.WRIT_TOKENS_FILE === undefined) {
      problems.push({
        variable,
        value: value.host,
        wants: 'a loopback address as long as `WRIT_TOKENS_FILE` is not set',
      });
    }
    if (cert === undefined && !values.WRIT_ALLOW_PLAINTEXT) {
      problems.push({
        variable,
        value: value.host,
        wants: 'a loopback address, or TLS (`WRIT_TLS_CERT_FILE`), or `WRIT_ALLOW_PLAINTEXT=yes`',
      });
    }
  }
  return problems;
}

/** `true` where only this machine can connect. Names other than `localhost` are not resolved: they count as beyond. */
export function isLoopback(address: Address): boolean {
  const { host } = address;
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function refuse(problems: readonly SettingProblem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ variable, value, wants }) =>
    value === undefined ? `\`${variable}\` wants ${wants}` : `\`${variable}\` is \`${value}\` and wants ${wants}`,
  );
  throw new RejectedError('CONFIGURATION_INVALID', lines.join('; '), { problems });
}

/** A hint for a misspelt name: the setting that shares most of its words, and of those the shortest. */
function nearest(variable: string): string {
  const words = new Set(variable.split('_'));
  const shared = (name: string) => name.split('_').filter((word) => words.has(word)).length;
  const likeness = (name: string) => shared(name) * 10 - name.split('_').length;
  const best = Object.keys(SETTINGS).reduce((a, b) => (likeness(b) > likeness(a) ? b : a));
  return shared(best) > 1 ? `; did you mean \`${best}\`?` : '';
}

function settingsOf(values: Values): Settings {
  const { WRIT_TLS_CERT_FILE: certFile, WRIT_TLS_KEY_FILE: keyFile, WRIT_TLS_CLIENT_CA_FILE: clientCaFile } = values;
  const tls =
    certFile === undefined || keyFile === undefined
      ? undefined
      : { certFile, keyFile, ...(clientCaFile === undefined ? {} : { clientCaFile }) };
  return {
    store: values.WRIT_STORE_URL,
    acceptUnprotected: values.WRIT_STORE_ACCEPT_UNPROTECTED,
    origin: values.WRIT_ORIGIN,
    keyFile: values.WRIT_KEY_FILE,
    stateDir: values.WRIT_STATE_DIR,
    lineageDir: values.WRIT_LINEAGE_DIR,
    markDir: values.WRIT_MARK_DIR,
    checkpointKeyFile: values.WRIT_CHECKPOINT_KEY_FILE,
    anchorIntervalMs: values.WRIT_ANCHOR_INTERVAL_MS,
    anchorEntries: values.WRIT_ANCHOR_ENTRIES,
    witnessFile: values.WRIT_WITNESS_FILE,
    witnessAllowPrivate: values.WRIT_WITNESS_ALLOW_PRIVATE,
    grpc: values.WRIT_GRPC_ADDRESS,
    http: values.WRIT_HTTP_ADDRESS,
    tls,
    allowPlaintext: values.WRIT_ALLOW_PLAINTEXT,
    tokensFile: values.WRIT_TOKENS_FILE,
    maxSkewMs: values.WRIT_MAX_SKEW_MS,
    clockToleranceMs: values.WRIT_CLOCK_TOLERANCE_MS,
    maxRequestBytes: values.WRIT_MAX_REQUEST_BYTES,
    maxBatch: values.WRIT_MAX_BATCH,
    appendQueue: values.WRIT_APPEND_QUEUE,
    minFreeBytes: values.WRIT_MIN_FREE_BYTES,
    drainMs: values.WRIT_DRAIN_MS,
    sweepIntervalMs: values.WRIT_SWEEP_INTERVAL_MS,
    policyMaxStaleMs: values.WRIT_POLICY_MAX_STALE_MS,
    signer: values.WRIT_SIGNER,
    logLevel: values.WRIT_LOG_LEVEL,
    otlpEndpoint: values.WRIT_OTLP_ENDPOINT,
    publicHealth: values.WRIT_PUBLIC_HEALTH,
    publicTiles: values.WRIT_PUBLIC_TILES,
    publicEntries: values.WRIT_PUBLIC_ENTRIES,
  };
}
