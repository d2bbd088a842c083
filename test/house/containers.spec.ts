import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS, parseSettings } from '@writ/instance';
import { parse } from 'yaml';
import { ROOT } from './scratch.js';

const WRIT = '/app/apps/cli/bin/writ.js';

interface Service {
  readonly command: readonly string[];
  readonly ports: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
}

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

const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.values(compose.services);

/** What compose passes on where the caller's environment is empty. */
function defaultsOf(environment: Service['environment']): Record<string, string> {
  const filled = Object.entries(environment).map(([name, value]) => [
    name,
    value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'),
  ]);
  return Object.fromEntries(filled) as Record<string, string>;
}

/** The commands that `writ --help` lists. */
function commandsOfCli(): string[] {
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'apps/cli/bin/writ.js'), '--help'], { encoding: 'utf8' });
  return [...stdout.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name = '']) => name);
}

describe('Dockerfile and docker-compose.yml', () => {
  const imageVariables = all('ENV').flatMap((rest) => [...rest.matchAll(/(\w+)=(\S+)/g)].map(([, name = '']) => name));
  const exposed = all('EXPOSE').flatMap((rest) => rest.split(' '));

  it('set only variables that are in the configuration schema', () => {
    const interpolated = services.flatMap(({ environment }) =>
      Object.values(environment).flatMap((value) => [...value.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)),
    );
    const named = [
      ...imageVariables,
      ...interpolated,
      ...services.flatMap(({ environment }) => Object.keys(environment)),
    ];
    const known = ['NODE_ENV', ...Object.keys(SETTINGS)];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('set values that the configuration accepts', () => {
    for (const { environment } of services) expect(() => parseSettings(defaultsOf(environment))).not.toThrow();
  });

  it('run only commands that the command line has', () => {
    const image = [list(all('CMD')[0]), list(all('HEALTHCHECK')[0]).slice(2)];
    const used = [...image, ...services.map(({ command }) => command)].map(([command]) => command);
    expect(used).toContain('serve');
    const known = commandsOfCli();
    expect(used.filter((command) => command === undefined || !known.includes(command))).toEqual([]);
    expect(list(all('ENTRYPOINT')[0])).toEqual(['node', '--max-semi-space-size=32', WRIT]);
    expect(list(all('HEALTHCHECK')[0]).slice(0, 2)).toEqual(['node', WRIT]);
  });

  it('bind every port that the service listens on, to this machine only', () => {
    for (const { environment, ports } of services) {
      const listening = ['WRIT_GRPC_ADDRESS', 'WRIT_HTTP_ADDRESS'].map((name) => environment[name]?.split(':').at(-1));
      expect([...listening].sort()).toEqual([...exposed].sort());
      expect([...ports].sort()).toEqual(listening.map((port) => `127.0.0.1:${port}:${port}`).sort());
    }
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
    for (const { environment, volumes } of services) {
      const mounted = volumes
        .map((volume) => volume.split(':'))
        .filter(([name = '']) => Object.hasOwn(compose.volumes, name));
      const folders = mounted.map(([, folder = '']) => `${folder}/`);
      const kept = [
        'WRIT_STORE_URL',
        'WRIT_KEY_FILE',
        'WRIT_STATE_DIR',
        'WRIT_LINEAGE_DIR',
        'WRIT_MARK_DIR',
        'WRIT_CHECKPOINT_KEY_FILE',
        'WRIT_TOKENS_FILE',
      ].map((name) => environment[name]?.replace('sqlite:', '') ?? '');
      expect(kept.filter((path) => !folders.some((folder) => path.startsWith(folder)))).toEqual([]);
    }
  });
});
