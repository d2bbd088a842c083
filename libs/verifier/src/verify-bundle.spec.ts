import { encodeBundle } from '@writ/evidence';

import { verifyBundle } from './index.js';
import { FixtureLedger } from './ledger.fixture.js';

describe('an honest bundle', () => {
  it('is reevaluated', () => {
    const ledger = new FixtureLedger();
    ledger.publish();
    ledger.activate();
    ledger.crowd(5);
    ledger.evaluate();
    ledger.commit();
    const bytes = encodeBundle(ledger.bundleOf());
    const report = verifyBundle(bytes, ledger.trust());
    expect(report).toMatchObject({ verdict: 'reevaluated', accepted: true });
  });
});
