import { memoryKeyRing } from '@writ/signing';
import {
  SECRET_KEY,
  auditor,
  caller,
  codeOf,
  errorOf,
  loan,
  named,
  openLoanLedger,
  operator,
  principal,
} from './ledger.fixture.js';
import type { TestLedger } from './ledger.fixture.js';

const reason = 'the laptop was stolen';

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLoanLedger({ ring: memoryKeyRing(SECRET_KEY) });
});
afterEach(() => ledger.close());

const signers = async (id: string): Promise<string[]> =>
  (await ledger.operations.getExecution(caller, named(id))).events.map(({ attestation }) => attestation.keyId);

describe('a rotation', () => {
  it('is attested by the key that goes, and the one that comes signs from then on', async () => {
    const former = ledger.attestor.keyId;
    await ledger.operations.evaluate(caller, loan('before'));
    const { key, event, replayed } = await ledger.operations.rotateKey(operator, {});
    expect(replayed).toBe(false);
    expect(event).toMatchObject({ type: 'KeyRotated', attestation: { keyId: former } });
    expect(key).toMatchObject({ state: 'current', keyId: ledger.attestor.keyId });
    expect(key.keyId).not.toBe(former);
    await ledger.operations.evaluate(caller, loan('after'));
    expect(new Set(await signers('before'))).toEqual(new Set([former]));
    expect(new Set(await signers('after'))).toEqual(new Set([key.keyId]));
  });

  it('happens once, however often it is asked for', async () => {
    const replaces = ledger.attestor.keyId;
    const first = await ledger.operations.rotateKey(operator, { replaces });
    const second = await ledger.operations.rotateKey(operator, { replaces });
    expect(second).toMatchObject({ replayed: true, key: { keyId: first.key.keyId } });
    const many = await Promise.all(
      [1, 2, 3].map(() => ledger.operations.rotateKey(operator, { replaces: first.key.keyId })),
    );
    expect(new Set(many.map(({ key }) => key.keyId)).size).toBe(1);
    const { keys, signsWith } = await ledger.operations.listKeys(auditor);
    expect(keys.map(({ state }) => state)).toEqual(['rotated', 'rotated', 'current']);
    expect(signsWith).toBe(keys[2]?.keyId);
  });

  it('takes an operator of the whole ledger', async () => {
    const ofTenant = { principal: principal('operator', 'otto', ['acme']) };
    for (const context of [caller, auditor, ofTenant]) {
      expect(await codeOf(ledger.operations.rotateKey(context, {}))).toBe('PERMISSION_DENIED');
    }
  });

  it('may bring a key that lies there already, and none that does not', async () => {
    const ring = memoryKeyRing(SECRET_KEY);
    const node = await ledger.secondNode({ ring });
    const next = await ring.create(0);
    expect((await node.operations.rotateKey(operator, { next: next.keyId })).key.keyId).toBe(next.keyId);
    expect(await codeOf(node.operations.rotateKey(operator, { next: ledger.attestor.keyId }))).toBe('KEY_MISMATCH');
    expect(await codeOf(node.operations.rotateKey(operator, { next: '0123456789abcdef' as never }))).toBe(
      'KEY_FILE_INVALID',
    );
    await node.attestor.close();
  });

  it('fails no call that is under way', async () => {
    const calls = Array.from({ length: 200 }, (_, at) => ledger.operations.evaluate(caller, loan(`run-${at}`)));
    const rotations = [ledger.operations.rotateKey(operator, {}), ledger.operations.rotateKey(operator, {})];
    await Promise.all([...calls, ...rotations]);
    for (let at = 0; at < 200; at += 1) expect(await signers(`run-${at}`)).toHaveLength(2);
    expect(ledger.alarms).toEqual([]);
  });
});

describe('a node that did not rotate', () => {
  let other: TestLedger;
  beforeEach(async () => {
    other = await ledger.secondNode({ ring: memoryKeyRing(SECRET_KEY) });
  });
  afterEach(() => other.attestor.close());

  it('learns of the new key when it meets it, and goes on with the former', async () => {
    const former = other.attestor.keyId;
    const { key } = await ledger.operations.rotateKey(operator, {});
    await ledger.operations.evaluate(caller, loan('e-1', { holder: null }));
    expect((await other.operations.getExecution(caller, named('e-1'))).events[0]?.attestation.keyId).toBe(key.keyId);
    await other.operations.reserve(caller, { ...named('e-1'), holder: new Uint8Array(16) });
    expect(await signers('e-1')).toEqual([key.keyId, former]);
    expect(other.engine.ports.nodeKeys.state()).toEqual({ signsWith: former, current: key.keyId, standing: 'former' });
    expect(other.alarms).toEqual([]);
  });

  it('does not change the keys itself', async () => {
    await ledger.operations.rotateKey(operator, {});
    expect(await codeOf(other.operations.rotateKey(operator, {}))).toBe('KEY_MISMATCH');
  });

  it('signs nothing more with a key that is revoked', async () => {
    const former = other.attestor.keyId;
    await ledger.operations.rotateKey(operator, {});
    await ledger.lineage.sequence();
    await ledger.operations.revokeKey(operator, { keyId: former, reason });
    await other.lineage.sequence();
    await other.engine.keys.refresh();
    await other.engine.ports.nodeKeys.adopt();
    expect(other.engine.ports.nodeKeys.state().standing).toBe('revoked');
    expect(await codeOf(other.operations.evaluate(caller, loan('e-2')))).toBe('KEY_REVOKED');
  });
});

describe('a revocation', () => {
  let former: string;
  const revoke = (change: { keyId?: string; cutOffIndex?: bigint; reason?: string } = {}) =>
    ledger.operations.revokeKey(operator, { keyId: former, reason, ...change } as never);

  beforeEach(async () => {
    former = ledger.attestor.keyId;
    await ledger.operations.evaluate(caller, loan('early'));
    await ledger.lineage.sequence();
    await ledger.operations.rotateKey(operator, {});
    await ledger.lineage.sequence();
  });

  it('leaves what the key signed below the cut-off', async () => {
    const { key, event } = await revoke();
    expect(key).toMatchObject({ keyId: former, state: 'revoked', reason });
    expect(event).toMatchObject({ type: 'KeyRevoked', attestation: { keyId: ledger.attestor.keyId } });
    expect(key.cutOffIndex).toBe((await ledger.lineage.status()).sizeLeaves);
    expect(await signers('early')).toEqual([former, former]);
    // Also the policy, whose events the former key signed.
    await ledger.operations.evaluate(caller, loan('late'));
    expect(await revoke({ cutOffIndex: 1n })).toMatchObject({ replayed: true, key: { cutOffIndex: key.cutOffIndex } });
  });

  it.each<[string, Parameters<typeof revoke>[0], string]>([
    ['no key of this ledger', { keyId: '0123456789abcdef' }, 'REQUEST_INVALID'],
    ['a cut-off beyond the tree', { cutOffIndex: 1_000n }, 'REQUEST_INVALID'],
    ['a cut-off that would take the successor away', { cutOffIndex: 3n }, 'REQUEST_INVALID'],
    ['no reason', { reason: '' }, 'REQUEST_INVALID'],
  ])('is refused with %s', async (_, change, code) => {
    expect(await codeOf(revoke(change))).toBe(code);
  });

  it('is refused for the key that signs', async () => {
    expect(await codeOf(revoke({ keyId: ledger.attestor.keyId }))).toBe('KEY_IN_USE');
  });

  it('refuses what a stolen key signs afterwards', async () => {
    const thief = await ledger.secondNode({ ring: memoryKeyRing(SECRET_KEY) });
    await thief.operations.evaluate(caller, loan('honest', { holder: null }));
    await ledger.lineage.sequence();
    await revoke();
    // It has not looked since, and signs on.
    await thief.operations.evaluate(caller, loan('stolen'));
    await ledger.lineage.sequence();
    expect(await signers('honest')).toEqual([former]);
    const error = await errorOf(ledger.operations.getExecution(caller, named('stolen')));
    expect(error).toMatchObject({ code: 'FOREIGN_EVENT', details: { because: 'KEY_REVOKED', keyId: former } });
    await thief.attestor.close();
  });

  it('waits for the tree before it judges', async () => {
    await revoke();
    const later = await ledger.secondNode();
    // Its tree is still empty: nobody can say yet where the events stand.
    expect(await codeOf(later.operations.getExecution(caller, named('early')))).toBe('NOT_SEQUENCED_YET');
    await later.lineage.sequence();
    expect((await later.operations.getExecution(caller, named('early'))).events).toHaveLength(2);
    await later.attestor.close();
  });
});
