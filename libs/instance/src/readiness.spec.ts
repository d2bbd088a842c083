import { IntegrityError } from '@writ/errors';
import type { LineageStatus } from '@writ/lineage';
import type { SigningState } from '@writ/operations';
import { Gate } from './gate.js';
import { readinessOf, type Watched } from './readiness.js';

function watched(
  change: Partial<{
    fault: LineageStatus['fault'];
    isSetBack: boolean;
    store: 'writable' | 'unavailable';
    key: SigningState['standing'];
    unprotected: readonly string[];
  }> = {},
): Watched {
  const status: LineageStatus = {
    role: 'publisher',
    sizeLeaves: 4n,
    checkpointSizeLeaves: 4n,
    cosignedBy: 0,
    behind: 0,
    ...(change.fault === undefined ? {} : { fault: change.fault }),
  };
  return {
    store: { health: async () => ({ state: change.store ?? 'writable', code: 'STORE_UNAVAILABLE' }) },
    clock: { nowMs: () => 0, problem: undefined },
    index: { lag: async () => ({ position: null, behind: 0n }) },
    lineage: {
      status: async () => status,
      requireWritable: () => {
        if (change.isSetBack === true) throw new IntegrityError('LEDGER_ROLLED_BACK', 'so it is', {});
      },
    },
    gate: new Gate(),
    unprotected: change.unprotected ?? [],
    nodeKeys: { state: () => ({ signsWith: 'a', current: 'a', standing: change.key ?? 'current' }) },
  } as unknown as Watched;
}

describe('readiness', () => {
  it('is told of everything that a call needs', async () => {
    const { ready, checks } = await readinessOf(watched());
    expect(ready).toBe(true);
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['store', true],
      ['clock', true],
      ['index', true],
      ['lineage', true],
      ['key', true],
      ['shutdown', true],
    ]);
    expect((await readinessOf(watched({ store: 'unavailable' }))).ready).toBe(false);
  });

  it('says that the store is unprotected, and is ready all the same', async () => {
    const { ready, checks } = await readinessOf(watched({ unprotected: ['our user may delete streams'] }));
    expect(ready).toBe(true);
    expect(checks.at(-1)).toMatchObject({ name: 'protection', ok: false, code: 'STORE_UNPROTECTED' });
  });

  it.each([
    ['LEDGER_ROLLED_BACK', false],
    ['MARK_MISSING', true],
    ['MARK_NOT_EXTENDED', false],
    ['PUBLISHER_UNAVAILABLE', true],
  ] as const)('with %s in the lineage: %s', async (code, expected) => {
    const isSetBack = !expected;
    const { ready, checks } = await readinessOf(watched({ fault: { code, message: 'so it is' }, isSetBack }));
    expect(ready).toBe(expected);
    expect(checks).toContainEqual({ name: 'lineage', ok: false, code, detail: 'so it is' });
  });

  it.each([
    ['former', true, 'KEY_MISMATCH'],
    ['revoked', false, 'KEY_REVOKED'],
  ] as const)('with a %s key: %s', async (key, expected, code) => {
    const { ready, checks } = await readinessOf(watched({ key }));
    expect(ready).toBe(expected);
    expect(checks).toContainEqual(expect.objectContaining({ name: 'key', ok: false, code }));
  });

  it('ends with the shutdown, which ends those who wait', async () => {
    const parts = watched();
    const waiting = parts.gate.orShut(new AbortController().signal);
    await parts.gate.shut(0);
    expect(waiting.aborted).toBe(true);
    expect((await readinessOf(parts)).ready).toBe(false);
  });
});
