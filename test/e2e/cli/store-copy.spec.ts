import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryPublisherLock } from '@writ/lineage';
import { removeFolders, temporaryFolder } from '../harness/server.js';
import { order, POLICIES, writ } from './writ.js';

jest.setTimeout(90_000);
afterAll(removeFolders);

const folder = temporaryFolder();
const source = join(folder, 'here', 'ledger.db');
const at = (store: string): string[] => ['--store', store, '--origin', 'test.example/cli'];
const target = (name: string): string => join(temporaryFolder(), name, 'ledger.db');
const copy = (to: string, ...flags: string[]) => writ(['store', 'copy', '--from', source, '--to', to, ...flags]);

beforeAll(async () => {
  expect((await writ(['init', ...at(source)])).exitCode).toBe(0);
  await writ(['policy', 'publish', join(POLICIES, 'payment.yaml'), '--activate', ...at(source)]);
  for (const id of ['p-1', 'p-2']) {
    expect((await writ(['evaluate', '-', '--reserve', ...at(source)], { stdin: order(id) })).exitCode).toBe(0);
  }
  // Waits until all of it is under a checkpoint.
  expect((await writ(['prove', 'p-2', '--out', join(folder, 'p-2.json'), ...at(source)])).exitCode).toBe(0);
});

describe('writ store copy', () => {
  it('moves a ledger, which goes on where it was, and is sound', async () => {
    const there = target('moved');
    const copied = await copy(there, '--json');
    expect(copied).toMatchObject({ exitCode: 0 });
    const { events, types, lineage, ...rest } = copied.json();
    expect(rest).toEqual({ from: source, to: there, found: 0, copied: events });
    expect(types).toMatchObject({ DecisionAdmitted: 2, ReservationPlaced: 2, KeyAdded: 1 });
    // Everything but the store stays what it is.
    for (const name of ['state', 'mark', 'lineage', 'attestation-key.json', 'checkpoint-key.json', 'trust.txt']) {
      cpSync(join(source, '..', name), join(there, '..', name), { recursive: true });
    }
    const trust = join(there, '..', 'trust.txt');
    const check = await writ(['fsck', '--store', there, '--trust', trust, '--json']);
    expect(check.json()).toMatchObject({ verdict: 'sound', findings: [], events, root: lineage.root });
    // An execution that is reserved there is not reserved here again; a new one is.
    const ask = (id: string) => writ(['evaluate', '-', '--reserve', ...at(there)], { stdin: order(id) });
    expect((await ask('p-1')).exitCode).toBe(5);
    expect((await ask('p-3')).exitCode).toBe(0);
    expect((await writ(['fsck', '--store', there, '--trust', trust])).exitCode).toBe(0);
  });

  it('goes on where it was stopped, and copies nothing twice', async () => {
    const there = target('stopped');
    const interrupted = AbortSignal.abort();
    const stopped = await writ(['store', 'copy', '--from', source, '--to', there], { interrupted });
    expect(stopped.exitCode).toBe(130);
    const first = await copy(there, '--json');
    expect(first.json().found + first.json().copied).toBe(first.json().events);
    const second = await copy(there);
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toContain(`of which ${first.json().events} were there`);
    expect(second.stderr).toBe('');
  });

  it('shows its progress on a terminal', async () => {
    const { stderr } = await writ(['store', 'copy', '--from', source, '--to', target('told')], { terminal: true });
    expect(stderr).toMatch(/copy \d+\n/);
    expect(stderr).toMatch(/compare \d+\n/);
  });

  it('refuses a target with another history, and changes nothing in it', async () => {
    const other = target('other');
    expect((await writ(['init', '--store', other, '--origin', 'test.example/other'])).exitCode).toBe(0);
    const refused = await copy(other, '--json');
    expect(refused.exitCode).toBe(5);
    expect(refused.json().error).toMatchObject({ code: 'STORE_COPY_CONFLICT', details: { sameEvents: 0 } });
    expect((await writ(['fsck', '--store', other, '--trust', join(other, '..', 'trust.txt')])).exitCode).toBe(0);
  });

  it('refuses what is no target, and makes none where there is no source', async () => {
    expect((await copy(source)).exitCode).toBe(4);
    expect((await copy('memory:')).exitCode).toBe(4);
    expect((await copy('@/nowhere/url')).exitCode).toBe(2);
    const there = target('none');
    const nothing = await writ(['store', 'copy', '--from', join(folder, 'nothing.db'), '--to', there]);
    expect(nothing.exitCode).toBe(7);
    expect(existsSync(there)).toBe(false);
  });

  it('refuses while a node publishes', async () => {
    const there = target('busy');
    const lock = tryPublisherLock(join(source, '..', 'mark'));
    try {
      expect((await copy(there, '--json')).json().error).toMatchObject({ code: 'PUBLISHER_UNAVAILABLE' });
    } finally {
      lock?.close();
    }
    expect(existsSync(there)).toBe(false);
  });

  it('reads the URL of the target from a file', async () => {
    const there = target('by-file');
    const file = join(folder, 'target.txt');
    writeFileSync(file, `sqlite:${there}\n`);
    expect((await copy(`@${file}`, '--json')).json()).toMatchObject({ to: there });
  });
});
