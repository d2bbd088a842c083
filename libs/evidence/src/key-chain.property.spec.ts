import { toBase64, type EventId } from '@writ/encoding';
import { encodeMetadata, keysStream, prepare, type Fact, type KeyEventType, type StoredEvent } from '@writ/ledger';
import fc from 'fast-check';

import { ATTESTATION_DOMAIN } from './domains.js';
import { beginKeyChain, chainedKeys, currentKey, cutOffIndexOf, followKeys, type KeyChain } from './key-chain.js';
import { TestKey } from './sign.fixture.js';

const ORIGIN = 'ledger.test/chain';
const KEYS = [1, 2, 3, 4].map((byte) => new TestKey(byte));
const ACTOR = { id: 'olga', role: 'operator' } as const;

interface Step {
  readonly type: KeyEventType;
  readonly key: number;
  /** Who attests; `current`: whoever may. */
  readonly signer: number | 'current';
}

const anyKey = fc.nat(KEYS.length - 1);
const step = fc.record<Step>({
  type: fc.constantFrom<KeyEventType[]>('KeyAdded', 'KeyRotated', 'KeyRotated', 'KeyRevoked'),
  key: anyKey,
  signer: fc.oneof({ weight: 3, arbitrary: fc.constant('current' as const) }, anyKey),
});

/** What the rules of docs/spec/events.md say, written down once more. */
class Model {
  order: number[] = [];
  revoked = new Set<number>();
  current: number | undefined;

  accepts({ type, key }: Step, signer: number): boolean {
    switch (type) {
      case 'KeyAdded':
        if (this.order.length > 0 || signer !== key || key !== 0) return false;
        break;
      case 'KeyRotated':
        if (signer !== this.current || this.order.includes(key)) return false;
        break;
      case 'KeyRevoked':
        if (signer !== this.current || !this.order.includes(key) || this.revoked.has(key)) return false;
        this.revoked.add(key);
        if (key === this.current) this.current = undefined;
        return true;
    }
    this.order.push(key);
    this.current = key;
    return true;
  }
}

let ids = 0;

function stored(step: Step, signer: TestKey, chain: KeyChain): StoredEvent {
  const key = KEYS[step.key]!;
  const named = {
    actor: ACTOR,
    origin: ORIGIN,
    keyId: key.keyId,
    purpose: 'attestation' as const,
    publicKey: toBase64(key.publicKey),
  };
  const fact = {
    KeyAdded: { type: 'KeyAdded', data: named },
    KeyRotated: { type: 'KeyRotated', data: { ...named, replaces: chain.state.current ?? key.keyId } },
    KeyRevoked: { type: 'KeyRevoked', data: { ...named, cutOffIndex: '7', reason: 'lost' } },
  }[step.type] as Fact<KeyEventType>;
  const stream = keysStream(ORIGIN);
  ids += 1;
  const eventId = `018f0000-0000-7000-8000-${ids.toString(16).padStart(12, '0')}` as EventId;
  const prepared = prepare(fact, {
    stream,
    streamRef: stream,
    revision: chain.state.lastRevision + 1n,
    eventId,
    nonce: new Uint8Array(16).fill(ids),
    recordedAtMs: 1_700_000_000_000 + ids,
  });
  const [proof] = signer.prove(ATTESTATION_DOMAIN, ORIGIN, [prepared.entry]);
  const metadata = encodeMetadata({ attestation: { entry: prepared.entryText, ...proof! } });
  const { type, typeVersion, data } = prepared;
  return { stream, revision: prepared.event.revision, eventId, type, typeVersion, data, metadata };
}

describe('keys that follow from a pinned one', () => {
  it('are those that the current key brought, in any order of attempts', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const model = new Model();
        let chain = beginKeyChain({ origin: ORIGIN, keys: [KEYS[0]!] });
        for (const attempt of steps) {
          const signer = attempt.signer === 'current' ? (model.current ?? attempt.key) : attempt.signer;
          const event = stored(attempt, KEYS[signer]!, chain);
          const before = chain;
          let followed: KeyChain | undefined;
          try {
            followed = followKeys(chain, [event]);
          } catch (error) {
            expect((error as { kind?: string }).kind).toBe('Integrity');
          }
          expect(followed !== undefined).toBe(model.accepts(attempt, signer));
          chain = followed ?? before;
          expect(currentKey(chain.state)?.keyId).toBe(
            model.current === undefined ? undefined : KEYS[model.current]?.keyId,
          );
        }
        const expected = model.order.length === 0 ? [0] : model.order;
        expect(chainedKeys(chain).map(({ keyId }) => keyId)).toEqual(expected.map((at) => KEYS[at]?.keyId));
        for (const [at, { keyId }] of KEYS.entries()) {
          expect(cutOffIndexOf(chain, keyId)).toBe(model.revoked.has(at) ? 7n : undefined);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('follow the same in one go, and part by part', () => {
    const steps: Step[] = [
      { type: 'KeyAdded', key: 0, signer: 0 },
      { type: 'KeyRotated', key: 1, signer: 0 },
      { type: 'KeyRevoked', key: 0, signer: 1 },
      { type: 'KeyRotated', key: 2, signer: 1 },
    ];
    const begin = beginKeyChain({ origin: ORIGIN, keys: [KEYS[0]!] });
    const events: StoredEvent[] = [];
    const chain = steps.reduce((former, each) => {
      const event = stored(each, KEYS[each.signer as number]!, former);
      events.push(event);
      return followKeys(former, [event]);
    }, begin);
    expect(followKeys(begin, events)).toEqual(chain);
  });

  it('never begin with a key that is not pinned, nor with another ledger', () => {
    const chain = beginKeyChain({ origin: ORIGIN, keys: [KEYS[1]!] });
    const event = stored({ type: 'KeyAdded', key: 0, signer: 0 }, KEYS[0]!, chain);
    expect(() => followKeys(chain, [event])).toThrow(expect.objectContaining({ code: 'KEY_MISMATCH' }));
    const other = beginKeyChain({ origin: 'ledger.test/other', keys: [KEYS[0]!] });
    expect(() => followKeys(other, [event])).toThrow(expect.objectContaining({ code: 'ATTESTATION_INVALID' }));
    const forged = stored({ type: 'KeyAdded', key: 0, signer: 1 }, KEYS[1]!, chain);
    expect(() => followKeys(chain, [forged])).toThrow(expect.objectContaining({ code: 'KEY_MISMATCH' }));
  });
});
