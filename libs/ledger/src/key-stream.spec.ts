import { toBase64 } from '@writ/encoding';
import type { EventId } from '@writ/encoding';

import { digestFor, OPERATOR, START_MS, uuidFor } from './execution/story.fixture.js';
import {
  decideAddKey,
  decideRevokeKey,
  decideRotateKey,
  evolveKeys,
  keyIdOf,
  NO_KEYS,
  type KeyEvent,
  type KeyRuling,
  type KeyStreamState,
} from './key-stream.js';

const keyOf = (byte: number, origin = 'ledger.example/loans') => {
  const publicKey = new Uint8Array(33).fill(byte);
  return {
    actor: OPERATOR,
    origin,
    keyId: keyIdOf(publicKey),
    purpose: 'attestation' as const,
    publicKey: toBase64(publicKey),
  };
};

class Keys {
  state: KeyStreamState = NO_KEYS;
  add = (byte: number) => this.tell(decideAddKey(this.state, keyOf(byte)));
  rotate = (byte: number) => this.tell(decideRotateKey(this.state, keyOf(byte)));
  revoke = (byte: number) =>
    this.tell(decideRevokeKey(this.state, { ...keyOf(byte), cutOffIndex: '42', reason: 'lost' }));

  tell({ append, answer }: KeyRuling): string {
    for (const fact of append) this.state = evolveKeys(this.state, this.next(fact));
    if (answer.kind === 'refused') return answer.code;
    return `${answer.replayed ? 'replayed' : 'done'} ${String(answer.revision)}`;
  }

  next(fact: object): KeyEvent {
    const revision = this.state.lastRevision + 1n;
    return {
      eventId: uuidFor(1) as EventId,
      revision,
      recordedAtMs: START_MS,
      dataDigest: digestFor('d'),
      ...fact,
    } as KeyEvent;
  }
}

describe('the keys of a ledger', () => {
  it('begin with one that is added, and pass with no other', () => {
    const keys = new Keys();
    expect(keys.add(2)).toBe('done 0');
    expect(keys.add(2)).toBe('replayed 0');
    expect(keys.add(3)).toBe('KEY_MISMATCH');
    expect(keys.state).toMatchObject({ origin: 'ledger.example/loans', current: keyOf(2).keyId });
  });

  it('are rotated one after another; the former stays known', () => {
    const keys = new Keys();
    expect(keys.rotate(3)).toBe('KEY_MISMATCH');
    keys.add(2);
    expect(keys.rotate(3)).toBe('done 1');
    expect(keys.rotate(3)).toBe('replayed 1');
    expect(keys.rotate(2)).toBe('KEY_MISMATCH');
    expect(keys.add(2)).toBe('KEY_MISMATCH');
    expect(keys.state.keys).toMatchObject([
      { keyId: keyOf(2).keyId, addedRevision: 0n, rotatedRevision: 1n },
      { keyId: keyOf(3).keyId, addedRevision: 1n, rotatedRevision: null },
    ]);
  });

  it('are revoked from an index on, once', () => {
    const keys = new Keys();
    keys.add(2);
    expect(keys.revoke(3)).toBe('KEY_UNKNOWN');
    expect(keys.revoke(2)).toBe('done 1');
    expect(keys.revoke(2)).toBe('replayed 1');
    expect(keys.state).toMatchObject({ current: null, keys: [{ revocation: { cutOffIndex: 42n, revision: 1n } }] });
  });

  it.each<[string, object]>([
    ['a second first key', { type: 'KeyAdded', data: keyOf(3) }],
    ['another ledger', { type: 'KeyRotated', data: { ...keyOf(3, 'other'), replaces: keyOf(2).keyId } }],
    [
      'an id that is not the key’s',
      { type: 'KeyRotated', data: { ...keyOf(3), keyId: keyOf(4).keyId, replaces: keyOf(2).keyId } },
    ],
    ['a rotation of another key', { type: 'KeyRotated', data: { ...keyOf(3), replaces: keyOf(4).keyId } }],
    ['a revocation of an unknown key', { type: 'KeyRevoked', data: { ...keyOf(3), cutOffIndex: '1', reason: '' } }],
    ['a gap', { type: 'KeyRotated', revision: 5n, data: { ...keyOf(3), replaces: keyOf(2).keyId } }],
    ['time going back', { type: 'KeyRotated', recordedAtMs: 0, data: { ...keyOf(3), replaces: keyOf(2).keyId } }],
  ])('cannot continue with %s', (_, fact) => {
    const keys = new Keys();
    keys.add(2);
    expect(() => evolveKeys(keys.state, keys.next(fact))).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
  });

  it('have ids of 16 hex digits, of compressed points alone', () => {
    expect(keyOf(2).keyId).toMatch(/^[0-9a-f]{16}$/);
    expect(() => keyIdOf(new Uint8Array(65))).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});
