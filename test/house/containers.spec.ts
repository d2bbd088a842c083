import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '@writ/cli';
import { parseConnection } from '@writ/event-store-eventstoredb';
import { SETTINGS, parseSettings } from '@writ/instance';
import { parse } from 'yaml';
import { ROOT } from './scratch.js';

const WRIT = '/app/apps/cli/bin/writ.js';

type Command = ReturnType<typeof buildProgram>;

interface Service {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly restart: string;
  readonly cap_drop?: readonly string[];
  readonly read_only?: boolean;
}

/** Of the server beside Writ, and of docker compose itself; everything else is Writ's. */
const COMPOSE_VARIABLES = ['EVENTSTORE_IMAGE', 'EVENTSTORE_ADMIN_PASSWORD', 'EVENTSTORE_WRIT_PASSWORD'];

/** The instructions of the Dockerfile, continuation lines joined, comments left out. */
function instructions(): { readonly name: string; readonly rest: string }[] {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
}

const all = (name: string): string[] => instructions().flatMap((line) => (line.name === name ? [line.rest] : []));
const list = (rest: string | undefined): string[] => JSON.parse((rest ?? '').replace(/^[^[]*/, '')) as string[];

const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.values(compose.services);
/** Those that run our image, by name. */
const writs = Object.entries(compose.services).filter(([, { image }]) => image.startsWith('writ:'));
const serving = writs.filter(([, { command }]) => command?.[0] === 'serve');

/** What compose makes of a text where the caller's environment is empty. */
const filled = (text: string): string => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1').replaceAll('$$', '$');

function defaultsOf(environment: Service['environment'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filled(value)]));
}

/** Reads a command line as the program does, without doing it. @returns the command that would run */
async function readCommand(args: readonly string[]): Promise<string> {
  const program = buildProgram();
  let ran = '';
  const silence = (command: Command, path: string): void => {
    for (const child of command.commands) silence(child, `${path} ${child.name()}`.trim());
    if (command.commands.length === 0) command.action(() => void (ran = path));
  };
  silence(program, '');
  await program.parseAsync([...args], { from: 'user' });
  return ran;
}

describe('Dockerfile and docker-compose.yml', () => {
  const imageVariables = all('ENV').flatMap((rest) => [...rest.matchAll(/(\w+)=(\S+)/g)].map(([, name = '']) => name));
  const exposed = all('EXPOSE').flatMap((rest) => rest.split(' '));

  it('set only variables that are in the configuration schema', () => {
    const texts = services.flatMap(({ image, command = [], environment = {} }) => [
      image,
      ...command,
      ...Object.values(environment),
    ]);
    const interpolated = texts.flatMap((text) => [...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name = '']) => name));
    const known = ['NODE_ENV', ...COMPOSE_VARIABLES, ...Object.keys(SETTINGS)];
    const named = [
      ...imageVariables,
      ...interpolated,
      ...writs.flatMap(([, { environment }]) => Object.keys(environment ?? {})),
    ];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('set values that the configuration accepts', () => {
    for (const [, { environment }] of writs) expect(() => parseSettings(defaultsOf(environment))).not.toThrow();
  });

  it('run only command lines that the program can read', async () => {
    const image = [list(all('CMD')[0]), list(all('HEALTHCHECK')[0]).slice(2)];
    const lines = [...image, ...writs.map(([, { command = [] }]) => command.map(filled))];
    const ran = await Promise.all(lines.map((line) => readCommand(line)));
    expect([...new Set(ran)].sort()).toEqual(['health', 'init', 'serve', 'store protect']);
    expect(list(all('ENTRYPOINT')[0])).toEqual(['node', '--max-semi-space-size=32', WRIT]);
    expect(list(all('HEALTHCHECK')[0]).slice(0, 2)).toEqual(['node', WRIT]);
  });

  it('have scripts that the shell can read', () => {
    const scripts = services.flatMap(({ entrypoint, command = [] }) => (entrypoint?.[0] === 'bash' ? command : []));
    expect(scripts).toHaveLength(1);
    for (const script of scripts) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: script.replaceAll('$$', '$'), encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    }
  });

  it('bind every port that the service listens on, to this machine only, and none of the server', () => {
    for (const [, { environment = {}, ports = [] }] of serving) {
      const listening = ['WRIT_GRPC_ADDRESS', 'WRIT_HTTP_ADDRESS'].map((name) => environment[name]?.split(':').at(-1));
      expect([...listening].sort()).toEqual([...exposed].sort());
      expect(ports.map((port) => port.split(':').at(-1)).sort()).toEqual([...listening].sort());
    }
    const bound = services.flatMap(({ ports = [] }) => ports);
    expect(bound.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
    expect(bound).toHaveLength(2 * serving.length);
  });

  it('give every service of ours no more than it needs', () => {
    for (const [, service] of writs) expect(service).toMatchObject({ cap_drop: ['ALL'], read_only: true });
  });

  it('copy only what exists, and run as a user without rights', () => {
    const copied = all('COPY').flatMap((rest) =>
      [...rest.matchAll(/--from=build \/app\/(\S+)/g)].map(([, path = '']) => path),
    );
    const made = ['node_modules'];
    expect(copied.filter((path) => !made.includes(path) && !existsSync(join(ROOT, path)))).toEqual([]);
    expect(all('USER')).toEqual(['node']);
  });

  it('keep the store, the keys, the state, the lineage, the mark and the tokens on a volume', () => {
    for (const [, { environment = {}, volumes = [] }] of serving) {
      const mounted = volumes
        .map((volume) => volume.split(':'))
        .filter(([name = '']) => Object.hasOwn(compose.volumes, name));
      const folders = mounted.map(([, folder = '']) => `${folder}/`);
      const store = environment['WRIT_STORE_URL'] ?? '';
      const kept = [
        'WRIT_KEY_FILE',
        'WRIT_STATE_DIR',
        'WRIT_LINEAGE_DIR',
        'WRIT_MARK_DIR',
        'WRIT_CHECKPOINT_KEY_FILE',
        'WRIT_TOKENS_FILE',
      ].map((name) => environment[name] ?? '');
      const paths = store.startsWith('sqlite:') ? [...kept, store.slice('sqlite:'.length)] : kept;
      expect(paths.filter((path) => !folders.some((folder) => path.startsWith(folder)))).toEqual([]);
    }
  });
});

describe('docker-compose.yml', () => {
  const profiles = [...new Set(services.flatMap((service) => service.profiles))].sort();
  const namesIn = (profile: string): string[] =>
    Object.keys(compose.services).filter((name) => compose.services[name]?.profiles.includes(profile));

  it('has three ways to run, of which `docker compose up` takes the first', () => {
    expect(profiles).toEqual(['cluster', 'embedded', 'single']);
    expect(readFileSync(join(ROOT, '.env'), 'utf8')).toContain('\nCOMPOSE_PROFILES=single\n');
    expect(services.filter((service) => service.profiles.length !== 1)).toEqual([]);
    expect(namesIn('single')).toEqual(['eventstore', 'init', 'writ']);
    expect(namesIn('cluster').filter((name) => serving.some(([each]) => each === name))).toEqual(['writ-1', 'writ-2']);
  });

  it.each(['single', 'embedded', 'cluster'])(
    '%s: waits only for what runs with it, and uses every port once',
    (profile) => {
      const names = namesIn(profile);
      const waited = names.flatMap((name) => Object.entries(compose.services[name]?.depends_on ?? {}));
      expect(waited.filter(([name]) => !names.includes(name))).toEqual([]);
      const done = waited.filter(([, { condition }]) => condition === 'service_completed_successfully');
      expect(done.filter(([name]) => !/^(no|on-failure:\d+)$/.test(compose.services[name]?.restart ?? ''))).toEqual([]);
      const ports = names.flatMap((name) => compose.services[name]?.ports ?? []).map((port) => port.split(':')[1]);
      expect(new Set(ports).size).toBe(ports.length);
    },
  );

  it.each(['single', 'embedded', 'cluster'])(
    '%s: begins the ledger before it is served, with the same settings and folders of its own',
    (profile) => {
      const [beginning, ...others] = writs.filter(
        ([, each]) => each.profiles[0] === profile && each.command?.[0] === 'init',
      );
      expect(others).toEqual([]);
      for (const [, node] of serving.filter(([, each]) => each.profiles[0] === profile)) {
        expect(node.depends_on).toEqual({ [beginning?.[0] ?? '']: { condition: 'service_completed_successfully' } });
        const own = { WRIT_STATE_DIR: '/tmp/state', WRIT_LINEAGE_DIR: '/tmp/lineage' };
        expect({ ...node.environment, ...own }).toEqual(beginning?.[1].environment);
      }
    },
  );

  it('names only volumes that it has, and has only those that it names', () => {
    const used = services.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    expect([...new Set(used.filter((name) => !name.startsWith('.')))].sort()).toEqual(
      Object.keys(compose.volumes).sort(),
    );
  });

  it('connects Writ to servers that run with it', () => {
    for (const [
      ,
      {
        environment,
        profiles: [profile = ''],
      },
    ] of writs) {
      const { store } = parseSettings(defaultsOf(environment));
      if (store.kind !== 'eventstoredb') continue;
      const { hosts, tls, credentials } = parseConnection(store.connection);
      expect(hosts.map(({ address }) => address).filter((name) => !namesIn(profile).includes(name))).toEqual([]);
      expect(hosts.every(({ port }) => port === 2_113)).toBe(true);
      expect({ tls, user: credentials?.username }).toEqual(
        profile === 'cluster' ? { tls: true, user: 'writ' } : { tls: false, user: undefined },
      );
    }
  });

  it('makes a cluster of three nodes that know each other, each under its own certificate', () => {
    const members = namesIn('cluster').filter(
      (name) => compose.services[name]?.environment?.['EVENTSTORE_CLUSTER_SIZE'],
    );
    expect(members).toEqual(['es-1', 'es-2', 'es-3']);
    for (const name of members) {
      const { environment = {}, restart, volumes = [] } = compose.services[name] as Service;
      const others = members.filter((other) => other !== name).map((other) => `${other}:2113`);
      expect(environment).toMatchObject({
        EVENTSTORE_CLUSTER_SIZE: String(members.length),
        EVENTSTORE_GOSSIP_SEED: others.join(),
        EVENTSTORE_NODE_HOST_ADVERTISE_AS: name,
        EVENTSTORE_REPLICATION_HOST_ADVERTISE_AS: name,
        EVENTSTORE_CERTIFICATE_FILE: `/etc/eventstore/certs/${name}/node.crt`,
        EVENTSTORE_CERTIFICATE_PRIVATE_KEY_FILE: `/etc/eventstore/certs/${name}/node.key`,
      });
      // A deposed leader may end with code 0, and has to come back.
      expect(restart).toBe('always');
      expect(volumes).toContain(`${name}-data:/var/lib/eventstore`);
    }
    expect(compose.services['certificates']?.command?.join()).toContain(`for node in ${members.join(' ')};`);
  });

  it('lets both nodes of the cluster share keys, tokens and mark, and nothing else', () => {
    const [one, two] = ['writ-1', 'writ-2'].map((name) => compose.services[name]);
    const shared = (one?.volumes ?? [])
      .filter((volume) => two?.volumes?.includes(volume))
      .map((volume) => volume.split(':')[1]);
    expect(shared).toEqual(['/var/lib/writ-shared', '/etc/eventstore/ca', '/etc/writ/tls']);
    const { environment = {} } = one as Service;
    const inShared = Object.keys(environment).filter((name) => environment[name]?.startsWith('/var/lib/writ-shared/'));
    expect(inShared.sort()).toEqual(['WRIT_CHECKPOINT_KEY_FILE', 'WRIT_KEY_FILE', 'WRIT_MARK_DIR', 'WRIT_TOKENS_FILE']);
  });
});
