import { encodeBundle } from '@writ/evidence';
import { opensslVerify, opensslVerifyEd25519 } from '@writ/signing';
import { formatTrustFile, verifyBundle } from '@writ/verifier';

import { FixtureKey } from '../../libs/verifier/src/fixture-keys.fixture.js';
import { FixtureLedger, LOAN_POLICY } from '../../libs/verifier/src/ledger.fixture.js';
import { differences } from './differences.js';
import { describeReader, dice, SecondReader } from './reader.js';

const LEDGERS = process.env['WRIT_LONG_PROPERTIES'] === '1' ? 2_000 : 16;
const keys = [0x41, 0x42, 0x43].map((byte) => new FixtureKey(byte));

/**
 * A ledger to which things happen in any order: by even seeds also such as an honest ledger never does (signatures by
 * keys that came too late or are revoked, rotations by strangers, activations of what was retired).
 */
function randomLedger(seed: number): FixtureLedger {
  const roll = dice(seed * 7_919 + 1);
  const pick = <T>(items: readonly T[]): T => items[roll(items.length)] as T;
  const ledger = new FixtureLedger();
  ledger.publish();
  ledger.activate();
  const versions = ['1.0.0'];
  const lies = seed % 2 === 0;
  let executions = 0;
  let rotations = 0;
  const signer = (): FixtureKey => pick(lies ? [ledger.key, ledger.key, ...keys] : [ledger.key]);
  const next = (): FixtureKey => (lies ? pick(keys) : (keys[rotations] as FixtureKey));
  const steps: (() => void)[] = [
    () => ledger.evaluate({ executionId: `order-${String((executions += 1))}`, amount: pick([15_000, 50_000]) }),
    () => ledger.evaluate({ executionId: `order-${String((executions += 1))}` }, { key: signer() }),
    () => ledger.commit(pick(['succeeded', 'failed', 'unknown']), `order-${String(executions)}`),
    () => ledger.approve(`order-${String(executions)}`, pick(['officer-1', 'officer-2'])),
    () => {
      ledger.rotate(next(), signer());
      rotations += 1;
    },
    () => {
      const gone = lies ? pick(keys) : ledger.rootKey;
      if (gone !== ledger.key) ledger.revoke(gone, lies ? roll(ledger.events.length + 2) : ledger.events.length);
    },
    () => ledger.later(pick([1_000, 9_000, 11_000, 60_000])),
    () => ledger.activate(versions.at(-1)),
    () => {
      const version = `1.0.${String(versions.length)}`;
      ledger.publish(LOAN_POLICY.replace('1.0.0', version), signer());
      versions.push(version);
    },
    () => (lies ? ledger.retire(pick(versions)) : undefined),
    () => (lies ? ledger.activate(pick(versions)) : undefined),
  ];
  ledger.evaluate({ executionId: 'order-0' });
  for (let step = 0; step < 12; step += 1) {
    try {
      pick(steps)();
    } catch {
      // What the builder itself cannot do did not happen.
    }
  }
  return ledger;
}

describeReader('a second reader of ledgers to which anything happens', () => {
  let reader: SecondReader;
  beforeAll(() => {
    reader = new SecondReader();
  });
  afterAll(() => reader.close());

  test(`finds the same as ours in ${String(LEDGERS)} of them`, async () => {
    const verdicts = new Set<unknown>();
    for (let seed = 1; seed <= LEDGERS; seed += 1) {
      const ledger = randomLedger(seed);
      const trust = ledger.trust();
      const trustPath = reader.write(formatTrustFile(trust));
      const ids = new Set(ledger.events.map(({ stream }) => /^execution-acme\.(.+)$/.exec(stream)?.[1]));
      for (const id of [...ids].filter((name) => name !== undefined)) {
        const bundle = encodeBundle(ledger.bundleOf(id));
        const options = { verifySignature: opensslVerify, verifyEd25519: opensslVerifyEd25519 };
        const report = verifyBundle(bundle, trust, options);
        const answer = await reader.ask({ kind: 'bundle', trust: trustPath, file: reader.write(bundle) });
        expect([seed, id, differences(report, answer, 'status')]).toEqual([seed, id, []]);
        verdicts.add(report.verdict);
      }
    }
    expect([...verdicts]).toEqual(expect.arrayContaining(['reevaluated', null]));
  }, 300_000);
});
