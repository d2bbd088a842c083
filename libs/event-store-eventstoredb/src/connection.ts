import { RejectedError } from '@writ/errors';

export interface EventStoreHost {
  readonly address: string;
  readonly port: number;
}

/** What a connection string says, after every check that needs no network and no file. */
export interface EventStoreConnection {
  /** One node, the nodes of a cluster, or a name that stands for all of them. */
  readonly discovery: 'single' | 'cluster' | 'dns';
  readonly hosts: readonly EventStoreHost[];
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly tls: boolean;
  /** Paths as written: relative ones are meant from the working directory. */
  readonly tlsCAFile?: string;
  readonly userCertFile?: string;
  readonly userKeyFile?: string;
  /** The string to hand to the client, with what we set where nothing was said. Holds the password. */
  readonly clientString: string;
}

type Key =
  | 'tls'
  | 'tlsCAFile'
  | 'userCertFile'
  | 'userKeyFile'
  | 'connectionName'
  | 'nodePreference'
  | 'throwOnAppendFailure'
  | 'maxDiscoverAttempts'
  | 'discoveryInterval'
  | 'gossipTimeout'
  | 'keepAliveInterval'
  | 'keepAliveTimeout'
  | 'defaultDeadline';

const DEFAULT_PORT = 2_113;
const SCHEME = /^(esdb|esdb\+discover):\/\//;
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
/** The client matches names of options without case, `_` and `-`. */
const KEYS: ReadonlyMap<string, Key> = new Map(
  (
    [
      'tls',
      'tlsCAFile',
      'userCertFile',
      'userKeyFile',
      'connectionName',
      'nodePreference',
      'throwOnAppendFailure',
      'maxDiscoverAttempts',
      'discoveryInterval',
      'gossipTimeout',
      'keepAliveInterval',
      'keepAliveTimeout',
      'defaultDeadline',
    ] as const
  ).map((key) => [flat(key), key]),
);
/** Shortest that the client takes without a warning on the console; a hang is noticed here long before. */
const LEAST_KEEP_ALIVE_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 3_000;

/**
 * Reads a connection string more strictly than the client does: what the client would misread, ignore or only warn
 * about is refused here, with what is wrong and what to write instead. No message holds the password.
 *
 * @throws RejectedError `STORE_URL_INVALID`
 */
export function parseConnection(text: string): EventStoreConnection {
  const trimmed = text.trim();
  const scheme = SCHEME.exec(trimmed);
  if (scheme === null) throw invalid('it begins with `esdb://` or `esdb+discover://`');
  const { authority, query } = split(trimmed.slice(scheme[0].length));
  const at = authority.lastIndexOf('@');
  const credentials = at < 0 ? undefined : parseCredentials(authority.slice(0, at));
  const hosts = parseHosts(authority.slice(at + 1));
  const options = parseOptions(query);
  const discovery = scheme[1] === 'esdb+discover' ? 'dns' : hosts.length > 1 ? 'cluster' : 'single';
  if (discovery === 'dns' && hosts.length > 1) {
    throw invalid('`esdb+discover://` takes one name that stands for all nodes; list nodes with `esdb://`');
  }
  const tls = options.get('tls') !== 'false';
  checkTogether(tls, credentials !== undefined, options);
  const files = ['tlsCAFile', 'userCertFile', 'userKeyFile'] as const;
  return {
    discovery,
    hosts,
    ...(credentials === undefined ? {} : { credentials }),
    tls,
    ...Object.fromEntries(files.flatMap((key) => (options.has(key) ? [[key, options.get(key)]] : []))),
    clientString: clientString(scheme[0], credentials, hosts, options),
  };
}

/** The same string without user and password, for messages and logs. Never throws, whatever it is given. */
export function redactConnection(text: string): string {
  const trimmed = text.trim();
  const scheme = /^[A-Za-z0-9+.-]*:\/\//.exec(trimmed)?.[0];
  // Without a scheme nobody can say where a password ends.
  if (scheme === undefined) return '***';
  const rest = trimmed.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  return at < 0 ? trimmed : `${scheme}***@${rest.slice(at + 1)}`;
}

/** A password may hold `/` and `?` unescaped, so what follows the last `@` decides where hosts end. */
function split(rest: string): { readonly authority: string; readonly query: string } {
  const from = rest.lastIndexOf('@') + 1;
  const mark = rest.indexOf('?', from);
  const end = mark < 0 ? rest.length : mark;
  return { authority: rest.slice(0, end).replace(/\/+$/, ''), query: mark < 0 ? '' : rest.slice(mark + 1) };
}

function parseCredentials(text: string): { readonly username: string; readonly password: string } {
  const [username = '', password = '', ...rest] = text.split(':');
  if (rest.length > 0 || /[@/?#\s]/.test(text)) {
    throw invalid('user and password are percent-encoded: `:` is `%3A`, `@` is `%40`, `/` is `%2F`, `?` is `%3F`');
  }
  if (username === '' || password === '') throw invalid('before `@` it holds `user:password`');
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw invalid('user or password holds a `%` that is not part of a percent-encoded character (`%25`)');
  }
}

function parseHosts(text: string): readonly EventStoreHost[] {
  if (text.includes('[')) throw invalid('an IPv6 address cannot be used here; give the node a name');
  if (text === '') throw invalid('it names no host');
  return text.split(',').map(parseHost);
}

function parseHost(text: string): EventStoreHost {
  const [address = '', port = String(DEFAULT_PORT), ...rest] = text.trim().split(':');
  if (rest.length > 0 || !HOST.test(address)) throw invalid(`\`${text}\` is not a host with an optional port`);
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) throw invalid(`the port of \`${address}\` is a number from 1 to 65535`);
  return { address, port: number };
}

function parseOptions(query: string): ReadonlyMap<Key, string> {
  const options = new Map<Key, string>();
  for (const pair of query === '' ? [] : query.split('&')) {
    const eq = pair.indexOf('=');
    const name = eq < 0 ? pair : pair.slice(0, eq);
    const value = eq < 0 ? '' : pair.slice(eq + 1).trim();
    if (value === '') throw invalid(`the option \`${name}\` has no value`);
    if (flat(name) === 'tlsverifycert') {
      throw invalid('`tlsVerifyCert` has no effect: name the authority of the certificates with `tlsCAFile`');
    }
    const key = KEYS.get(flat(name));
    if (key === undefined) throw invalid(`there is no option \`${name}\``);
    if (options.has(key)) throw invalid(`the option \`${key}\` is given twice`);
    options.set(key, checkValue(key, value));
  }
  return options;
}

function checkValue(key: Key, value: string): string {
  switch (key) {
    case 'tls':
      if (value === 'true' || value === 'false') return value;
      throw invalid('`tls` is `true` or `false`');
    case 'throwOnAppendFailure':
      if (value === 'true') return value;
      throw invalid('`throwOnAppendFailure` stays `true`: without it a lost race comes back with a wrong revision');
    case 'nodePreference':
      if (flat(value) === 'leader') return 'leader';
      throw invalid(
        '`nodePreference` stays `leader`: a follower may answer with the past, and decisions rest on reads',
      );
    case 'tlsCAFile':
    case 'userCertFile':
    case 'userKeyFile':
    case 'connectionName':
      return decode(key, value);
    case 'keepAliveInterval':
      return integer(key, value, LEAST_KEEP_ALIVE_MS);
    case 'maxDiscoverAttempts':
    case 'discoveryInterval':
    case 'gossipTimeout':
    case 'keepAliveTimeout':
    case 'defaultDeadline':
      return integer(key, value, 1);
  }
}

function checkTogether(tls: boolean, credentials: boolean, options: ReadonlyMap<Key, string>): void {
  if (options.has('userCertFile') !== options.has('userKeyFile')) {
    throw invalid('`userCertFile` and `userKeyFile` are given together');
  }
  if (tls) return;
  if (credentials) {
    throw invalid('with `tls=false` user and password are never sent: leave them out, or use TLS');
  }
  for (const key of ['tlsCAFile', 'userCertFile'] as const) {
    if (options.has(key)) throw invalid(`\`${key}\` and \`tls=false\` contradict each other`);
  }
}

function clientString(
  scheme: string,
  credentials: EventStoreConnection['credentials'],
  hosts: readonly EventStoreHost[],
  options: ReadonlyMap<Key, string>,
): string {
  const all = new Map<string, string>([
    ['nodePreference', 'leader'],
    ['keepAliveInterval', String(LEAST_KEEP_ALIVE_MS)],
    ['keepAliveTimeout', String(KEEP_ALIVE_TIMEOUT_MS)],
    ...options,
  ]);
  const query = [...all].map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
  const user =
    credentials === undefined
      ? ''
      : `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}@`;
  return `${scheme}${user}${hosts.map(({ address, port }) => `${address}:${port}`).join(',')}?${query}`;
}

function integer(key: Key, value: string, least: number): string {
  if (/^[0-9]{1,9}$/.test(value) && Number(value) >= least) return value;
  throw invalid(`\`${key}\` is an integer of at least ${least}`);
}

function decode(key: Key, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalid(`\`${key}\` holds a \`%\` that is not part of a percent-encoded character (\`%25\`)`);
  }
}

function flat(name: string): string {
  return name.trim().toLowerCase().replace(/[_-]/g, '');
}

function invalid(what: string): RejectedError {
  return new RejectedError('STORE_URL_INVALID', `the connection string of the event store cannot be used: ${what}`);
}
