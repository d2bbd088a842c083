import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the suites can be judged by: a server that runs already, or a program that starts throw-away ones. */
export type FoundServer =
  { readonly kind: 'running'; readonly url: string } | { readonly kind: 'program'; readonly path: string };

const PROGRAMS = ['eventstored', 'kurrentd'];
const MISSING =
  'no server: neither EVENTSTORE_URL nor EVENTSTORE_BIN is set, and neither eventstored nor kurrentd is on PATH';
const NOT_OURS = 'the server of EVENTSTORE_URL is not ours to start, kill or pause';

/** `EVENTSTORE_URL` names a running server; else `EVENTSTORE_BIN`, or `eventstored` or `kurrentd` on PATH, a program. */
export function findServer(): FoundServer | undefined {
  const url = process.env['EVENTSTORE_URL'];
  if (url !== undefined && url !== '') return { kind: 'running', url };
  const named = process.env['EVENTSTORE_BIN'];
  if (named !== undefined && named !== '') {
    if (!isProgram(named)) throw new Error(`EVENTSTORE_BIN names \`${named}\`, which is no program`);
    return { kind: 'program', path: named };
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const path = folders.flatMap((folder) => PROGRAMS.map((name) => join(folder, name))).find(isProgram);
  return path === undefined ? undefined : { kind: 'program', path };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A suite for which any real server is good enough. Without one its tests are skipped, loudly, and count as skipped. */
export function describeReal(name: string, body: () => void): void {
  describeWhere(findServer() === undefined ? MISSING : undefined, name, body);
}

/** A suite that starts, kills or pauses nodes, which a server that somebody else runs does not allow. */
export function describeNodes(name: string, body: () => void): void {
  const server = findServer();
  const obstacle = server === undefined ? MISSING : server.kind === 'running' ? NOT_OURS : undefined;
  describeWhere(obstacle, name, body);
}

function describeWhere(obstacle: string | undefined, name: string, body: () => void): void {
  if (obstacle === undefined) {
    describe(name, body);
    return;
  }
  sayOnce(obstacle);
  describe.skip(`${name} (SKIPPED: ${obstacle})`, body);
}

const said = new Set<string>();

function sayOnce(obstacle: string): void {
  if (said.has(obstacle)) return;
  said.add(obstacle);
  process.stderr.write(`[eventstore] SKIPPED in ${String(expect.getState().testPath)}: ${obstacle}\n`);
}
