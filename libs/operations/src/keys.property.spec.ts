import { memoryKeyRing } from '@writ/signing';
import fc from 'fast-check';
import { SECRET_KEY, caller, codeOf, loan, named, openLoanLedger, operator } from './ledger.fixture.js';

type Step =
  | { readonly kind: 'evaluate'; readonly node: 0 | 1 }
  | { readonly kind: 'rotate' | 'sequence' }
  /** The key that came as the n-th, if there are so many. */
  | { readonly kind: 'revoke'; readonly nth: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('evaluate' as const), node: fc.constantFrom<0 | 1>(0, 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('rotate' as const, 'sequence' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), nth: fc.nat(3) }) },
);

describe('keys that change in any order', () => {
  it('take nothing back that was told, and let no revoked key sign', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), async (steps) => {
        const first = await openLoanLedger({ ring: memoryKeyRing(SECRET_KEY) });
        // It has the first key only, and goes on with it.
        const second = await first.secondNode({ ring: memoryKeyRing(SECRET_KEY) });
        const nodes = [first, second] as const;
        const told: string[] = [];
        const sequence = async () => Promise.all(nodes.map((node) => node.lineage.sequence()));
        const look = async () => {
          await second.engine.keys.refresh();
          await second.engine.ports.nodeKeys.adopt();
        };
        try {
          for (const each of steps) {
            switch (each.kind) {
              case 'evaluate': {
                await look();
                const id = `e-${told.length}`;
                const isRevoked = nodes[each.node].engine.ports.nodeKeys.state().standing === 'revoked';
                const code = await codeOf(nodes[each.node].operations.evaluate(caller, loan(id)));
                expect(code).toBe(isRevoked ? 'KEY_REVOKED' : undefined);
                expect(isRevoked && each.node === 0).toBe(false);
                if (code === undefined) told.push(id);
                break;
              }
              case 'rotate':
                await first.operations.rotateKey(operator, {});
                break;
              case 'sequence':
                await sequence();
                break;
              case 'revoke': {
                await sequence();
                const { keys, signsWith } = await first.operations.listKeys(operator);
                const key = keys[each.nth];
                if (key === undefined) break;
                const code = await codeOf(first.operations.revokeKey(operator, { keyId: key.keyId, reason: 'lost' }));
                expect(code).toBe(key.keyId === signsWith ? 'KEY_IN_USE' : undefined);
              }
            }
          }
          await sequence();
          await look();
          for (const { operations } of nodes) {
            for (const id of told) expect((await operations.getExecution(caller, named(id))).events).toHaveLength(2);
          }
          expect([...first.alarms, ...second.alarms]).toEqual([]);
        } finally {
          await second.attestor.close();
          await first.close();
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});
