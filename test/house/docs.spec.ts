import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, manifestOf, workspaceFolders } from './scratch.js';

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile());
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const pages = tracked.filter((path) => path.endsWith('.md'));

/** The lines of all tracked files that hold `pattern`, without the files that must speak of it. */
function linesWith(pattern: RegExp, except: readonly string[] = []): string[] {
  return tracked
    .filter((path) => !except.includes(path))
    .flatMap((path) => {
      const text = read(path);
      if (!pattern.test(text)) return [];
      const lines = text.split('\n');
      return lines.flatMap((line, at) =>
        pattern.test(line) ? [`${path}:${at + 1}: ${line.trim().slice(0, 120)}`] : [],
      );
    });
}

/** GitHub's anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#{1,6}\s+(.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

/** Why a relative link does not lead anywhere; `undefined` where it does. */
function faultOfLink(page: string, link: string): string | undefined {
  const [target = '', anchor] = link.split('#');
  const path = target === '' ? page : join(dirname(page), decodeURIComponent(target));
  if (!existsSync(join(ROOT, path))) return `${page}: \`${link}\` does not exist`;
  if (anchor !== undefined && path.endsWith('.md') && !anchorsOf(path).includes(anchor)) {
    return `${page}: \`${link}\` names no heading`;
  }
  return undefined;
}

describe('the documents', () => {
  it('name only npm scripts that exist', () => {
    const scripts = new Set(
      ['.', ...workspaceFolders()].flatMap((folder) => Object.keys(manifestOf(folder).scripts ?? {})),
    );
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm run (?:--silent |-s )?([a-z][a-z0-9:-]*)/g)].map(([, script = '']) => ({
        page,
        script,
      })),
    );
    expect(named.filter(({ script }) => !scripts.has(script.replace(/:$/, '')))).toEqual([]);
  });

  it('link only to what is there', () => {
    const faults = pages.flatMap((page) => {
      const prose = read(page).replaceAll(/^```[\s\S]*?^```/gm, '');
      const links = [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, link = '']) => link);
      return links.filter((link) => !/^[a-z]+:/i.test(link)).flatMap((link) => faultOfLink(page, link) ?? []);
    });
    expect(faults).toEqual([]);
  });
});

describe('the tracked files', () => {
  const self = 'test/house/docs.spec.ts';

  it('hold no path of the machine they were written on', () => {
    expect(linesWith(/(^|[\s"'`(=:])\/(work|root|Users|home\/(?!node\b)[a-z]+)\/[\w.-]+/, [self])).toEqual([]);
  });

  it('hold no host of a package registry', () => {
    const host = new URL(execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()).host;
    const literal = host.replaceAll(/[.\\]/g, '\\$&');
    expect(linesWith(new RegExp(`${literal}|registry\\.npmjs\\.org|"resolved": "https?:`), [self])).toEqual([]);
  });

  it('ask for exact versions of development tools', () => {
    const tools = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
    const ranges = Object.entries(tools.devDependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(ranges).toEqual([]);
  });
});
