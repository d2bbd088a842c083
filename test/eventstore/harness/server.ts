import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, until, type HttpSide } from './admin.js';
import { makeCertificates, type Certificates } from './certificates.js';
import { findServer } from './find-server.js';
import { freePorts } from './ports.js';
import { ServerProcess } from './server-process.js';

const READY_TIMEOUT_MS = 30_000;
const TERMINATE_TIMEOUT_MS = 30_000;

export interface NodeOptions {
  /** `memory` (default), `disk` (a temporary folder that `stop` removes), or a folder that stays. */
  readonly storage?: string;
  /** TLS, and thereby users and access control, which an insecure node does not have. */
  readonly tls?: boolean;
  /** For a member of a cluster: what it shares with the others. */
  readonly member?: ClusterMember;
  /** Further arguments of the server program. */
  readonly args?: readonly string[];
}

export interface ClusterMember {
  readonly ports: NodePorts;
  readonly args: readonly string[];
  readonly certificates?: Certificates;
  readonly adminPassword: string;
}

export interface NodePorts {
  readonly client: number;
  readonly replication: number;
}

/** A throw-away server on 127.0.0.1, which ends with the process that started it. */
export interface ServerNode {
  readonly port: number;
  readonly tls: boolean;
  /** As an administrator where the node knows users. */
  readonly url: string;
  readonly adminUrl: string;
  readonly authorityFile: string | undefined;
  urlFor(login: string, password: string): string;
  /** Adds a user; TLS only. */
  addUser(login: string, password: string, groups?: readonly string[]): Promise<void>;
  /** Removes for good what was deleted or is beyond a limit, and waits until that is done. */
  scavenge(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
  /** SIGTERM. @returns the exit code */
  terminate(): Promise<number>;
  /** Starts it again, on the same ports and storage, killing it first where it runs. Ready when this settles. */
  restart(): Promise<void>;
  /** For `afterAll`: kills it and removes what it left. */
  stop(): Promise<void>;
}

/** `/health/live` is content before a leader is chosen, and stays so when it is lost. */
const LIVE_STATE = /"state"\s*:\s*"(leader|follower)"/i;
/** The name that an administrator has by default. */
const ADMIN = 'admin';

/** Starts a node and waits until it is live. @throws Error with the end of the server's log when it is not in 30 s */
export async function startNode(options: NodeOptions = {}): Promise<ServerNode> {
  const node = await prepareNode(options);
  try {
    await node.restart();
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}

/** A node that was not started yet: members of a cluster become live together. */
export async function prepareNode(options: NodeOptions): Promise<StartableNode> {
  const server = findServer();
  if (server?.kind !== 'program') throw new Error('there is no server program to start nodes with');
  const work = mkdtempSync(join(tmpdir(), 'writ-eventstore-'));
  const [client, replication] = await freePorts(2);
  const ports = options.member?.ports ?? { client: client as number, replication: replication as number };
  const tls = options.tls === true;
  return new StartableNode({
    program: server.path,
    work,
    ports,
    adminPassword: options.member?.adminPassword ?? randomPassword(),
    certificates: tls ? (options.member?.certificates ?? makeCertificates(work)) : undefined,
    args: [...storageArgs(options.storage ?? 'memory', work), ...(options.member?.args ?? []), ...(options.args ?? [])],
  });
}

export const randomPassword = (): string => randomBytes(12).toString('hex');

function storageArgs(storage: string, work: string): string[] {
  if (storage === 'memory') return ['--mem-db'];
  return ['--db', storage === 'disk' ? join(work, 'db') : storage];
}

interface NodeSettings {
  readonly program: string;
  readonly work: string;
  readonly ports: NodePorts;
  readonly adminPassword: string;
  readonly certificates: Certificates | undefined;
  readonly args: readonly string[];
}

export class StartableNode implements ServerNode {
  readonly #settings: NodeSettings;
  #process: ServerProcess | undefined;

  constructor(settings: NodeSettings) {
    this.#settings = settings;
  }

  get port(): number {
    return this.#settings.ports.client;
  }

  get tls(): boolean {
    return this.#settings.certificates !== undefined;
  }

  get authorityFile(): string | undefined {
    return this.#settings.certificates?.authorityFile;
  }

  get url(): string {
    return this.urlFor(ADMIN, this.#settings.adminPassword);
  }

  get adminUrl(): string {
    return this.url;
  }

  urlFor(login: string, password: string): string {
    const { authorityFile } = this;
    if (authorityFile === undefined) return `esdb://127.0.0.1:${this.port}?tls=false`;
    const credentials = `${encodeURIComponent(login)}:${encodeURIComponent(password)}`;
    return `esdb://${credentials}@127.0.0.1:${this.port}?tls=true&tlsCAFile=${encodeURIComponent(authorityFile)}`;
  }

  async addUser(login: string, password: string, groups: readonly string[] = []): Promise<void> {
    const user = { loginName: login, fullName: login, groups, password };
    let status = 0;
    // The administrator is made shortly after the node is live; 409: an answer was lost before.
    const added = async (): Promise<boolean> => {
      ({ status } = await ask(this.#adminSide(), 'POST', '/users/', user));
      return status === 201 || status === 409;
    };
    await until(added, READY_TIMEOUT_MS, () => `cannot add the user \`${login}\`: HTTP ${status}`);
  }

  /** Starts the program without waiting for it to be live. */
  async launch(): Promise<void> {
    await this.#process?.kill();
    this.#process = await ServerProcess.start(this.#settings.program, this.#args(), this.#env());
  }

  async untilLive(): Promise<void> {
    const process = this.#process;
    const live = async (): Promise<boolean> => {
      if (process?.running !== true) throw new Error(`the node ended by itself:\n${process?.tail ?? ''}`);
      const { status, text } = await ask(this.#side(), 'GET', '/info');
      return status === 200 && LIVE_STATE.test(text);
    };
    await until(
      live,
      READY_TIMEOUT_MS,
      () => `the node is not live after ${READY_TIMEOUT_MS} ms:\n${process?.tail ?? ''}`,
    );
  }

  get running(): boolean {
    return this.#process?.running === true;
  }

  async restart(): Promise<void> {
    await this.launch();
    await this.untilLive();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  pause(): void {
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.#process?.signal('SIGCONT');
  }

  async terminate(): Promise<number> {
    const process = this.#process;
    if (process === undefined) return 0;
    process.signal('SIGTERM');
    const tooLong = setTimeout(() => void process.kill(), TERMINATE_TIMEOUT_MS);
    const code = await process.ended;
    clearTimeout(tooLong);
    return code;
  }

  async scavenge(): Promise<void> {
    const begun = await ask(this.#adminSide(), 'POST', '/admin/scavenge');
    if (begun.status !== 200) throw new Error(`cannot scavenge: HTTP ${begun.status} ${begun.text}`);
    let status = 0;
    let last = '';
    const done = async (): Promise<boolean> => {
      ({ status, text: last } = await ask(this.#adminSide(), 'GET', '/admin/scavenge/current'));
      return status === 200 && !/scavengeId\W+[0-9a-f]{8}-/i.test(last);
    };
    await until(done, READY_TIMEOUT_MS, () => `the scavenge does not end: ${last}`);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#settings.work, { recursive: true, force: true });
  }

  #side(): HttpSide {
    const { authorityFile } = this;
    return { port: this.port, ...(authorityFile === undefined ? {} : { authority: readFileSync(authorityFile) }) };
  }

  #adminSide(): HttpSide {
    return { ...this.#side(), credentials: `${ADMIN}:${this.#settings.adminPassword}` };
  }

  #args(): string[] {
    const { ports, certificates, args, work } = this.#settings;
    const address = ['--node-ip', '127.0.0.1', '--node-port', `${ports.client}`];
    const replication = ['--replication-ip', '127.0.0.1', '--replication-port', `${ports.replication}`];
    const quiet = ['--log', join(work, 'log'), '--stats-period-sec', '3600'];
    const security =
      certificates === undefined
        ? ['--insecure']
        : [
            ...[
              '--certificate-file',
              certificates.nodeFile,
              '--certificate-private-key-file',
              certificates.nodeKeyFile,
            ],
            ...['--trusted-root-certificates-path', certificates.trustedFolder],
          ];
    return [...address, ...replication, ...quiet, ...security, ...args];
  }

  /** What the environment says about a server of its own is not for this one. */
  #env(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(EVENTSTORE|KURRENTDB)_/.test(name));
    return {
      ...Object.fromEntries(inherited),
      EVENTSTORE_TELEMETRY_OPTOUT: 'true',
      // Its pipes stay behind when the node is killed.
      DOTNET_EnableDiagnostics: '0',
      ...(this.tls ? { EVENTSTORE_DEFAULT_ADMIN_PASSWORD: this.#settings.adminPassword } : {}),
    };
  }
}

/** Some server for a suite that only talks to one: that of `EVENTSTORE_URL`, else a throw-away one in memory. */
export async function openServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = findServer();
  if (server?.kind === 'running') return { url: server.url, stop: () => Promise.resolve() };
  return startNode();
}
