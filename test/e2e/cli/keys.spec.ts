import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { removeFolders, temporaryFolder } from '../harness/server.js';
import { order, POLICIES, writ, type Ran } from './writ.js';

jest.setTimeout(180_000);
afterAll(removeFolders);

const folder = temporaryFolder();
const here = ['--store', join(folder, 'ledger.db'), '--origin', 'test.example/keys'];
const run = (...args: string[]): Promise<Ran> => writ([...args, ...here, '--json']);
const evaluate = (id: string): Promise<Ran> => writ(['evaluate', '-', ...here, '--json'], { stdin: order(id) });
const listed = async () => (await run('keys', 'list')).json();

describe('writ keys, with no server running', () => {
  it('rotates, revokes and erases, in this order only', async () => {
    expect(await run('init')).toMatchObject({ exitCode: 0 });
    await run('policy', 'publish', join(POLICIES, 'payment.yaml'), '--activate');
    expect((await evaluate('before')).exitCode).toBe(0);
    const first = (await listed()).signsWith as string;

    // What signs is neither revoked nor erased.
    expect((await run('keys', 'revoke', first, '--reason', 'lost')).stderr).toContain('KEY_IN_USE');
    expect((await run('keys', 'erase', first)).stderr).toContain('KEY_IN_USE');

    const rotated = (await run('keys', 'rotate', '--replaces', first)).json();
    expect(rotated).toMatchObject({ replayed: false, key: { state: 'current' } });
    const again = (await run('keys', 'rotate', '--replaces', first)).json();
    expect(again).toMatchObject({ replayed: true, key: { keyId: rotated.key.keyId } });

    const revoked = (await run('keys', 'revoke', first, '--reason', 'lost')).json();
    expect(revoked).toMatchObject({ key: { keyId: first, state: 'revoked', reason: 'lost' } });
    expect((await run('keys', 'erase', first)).exitCode).toBe(0);
    expect(readFileSync(join(folder, 'attestation-key.json'), 'utf8')).not.toContain('secretKey');

    expect((await evaluate('after')).exitCode).toBe(0);
    for (const id of ['before', 'after']) expect((await run('show', id)).exitCode).toBe(0);
    const { keys, signsWith } = await listed();
    expect(keys.map((key: { state: string }) => key.state)).toEqual(['revoked', 'current']);
    expect(signsWith).toBe(rotated.key.keyId);

    // The first key alone is pinned, and all events follow from it.
    const trust = join(folder, 'pinned.txt');
    expect((await writ(['keys', 'export', '--trust', '--out', trust, ...here])).exitCode).toBe(0);
    expect(readFileSync(trust, 'utf8')).toContain(`attestation ${first} `);
    const verified = await writ(['verify', '--store', join(folder, 'ledger.db'), '--trust', trust, '--json']);
    expect(verified.exitCode).toBe(0);
  });
});
