import type { EventId, PolicyId, Tenant } from '@writ/encoding';

import { digestFor, START_MS, USER, uuidFor } from './execution/story.fixture.js';
import {
  compareVersions,
  decideActivate,
  decidePublish,
  decideRetire,
  evolvePolicy,
  NO_POLICY,
  type PolicyEvent,
  type PolicyRuling,
  type PolicyStreamState,
} from './policy-stream.js';

const common = { tenant: 'acme' as Tenant, actor: USER, policyId: 'loan-approval' as PolicyId };
const publication = (version: string, digest = version) => ({
  ...common,
  version,
  digest: digestFor(digest),
  document: { version },
  signature: 'signature',
  keyId: '0123456789abcdef' as never,
});

class Policies {
  state: PolicyStreamState = NO_POLICY;
  publish = (version: string, digest?: string) => this.tell(decidePublish(this.state, publication(version, digest)));
  activate = (version: string, reason = '') => this.tell(decideActivate(this.state, { ...common, version, reason }));
  retire = (version: string) => this.tell(decideRetire(this.state, { ...common, version, reason: 'old' }));

  tell({ append, answer }: PolicyRuling): string {
    for (const fact of append) {
      const revision = this.state.lastRevision + 1n;
      const eventId = uuidFor(Number(revision)) as EventId;
      const event = { ...fact, eventId, revision, recordedAtMs: START_MS, dataDigest: digestFor('data') };
      this.state = evolvePolicy(this.state, event);
    }
    if (answer.kind === 'refused') return answer.code;
    return `${answer.replayed ? 'replayed' : 'done'} ${String(answer.revision)}`;
  }
}

describe('a policy', () => {
  it('has versions that never change', () => {
    const policies = new Policies();
    expect(policies.publish('1.0.0')).toBe('done 0');
    expect(policies.publish('1.0.0')).toBe('replayed 0');
    expect(policies.publish('1.0.0', 'other')).toBe('POLICY_VERSION_EXISTS');
    expect(policies.state.inForce).toBeNull();
  });

  it('is put in force by activations that count up', () => {
    const policies = new Policies();
    policies.publish('1.0.0');
    policies.publish('1.1.0');
    expect(policies.activate('1.0.0')).toBe('done 2');
    expect(policies.activate('1.0.0')).toBe('replayed 2');
    expect(policies.activate('1.1.0')).toBe('done 3');
    expect(policies.state.activations.map(({ activation, version }) => [activation, version])).toEqual([
      [1, '1.0.0'],
      [2, '1.1.0'],
    ]);
    expect(policies.state.inForce).toMatchObject({ version: '1.1.0', revision: 3n, eventId: uuidFor(3) });
  });

  it('goes back to an older version for a reason only', () => {
    const policies = new Policies();
    policies.publish('1.9.0');
    policies.publish('1.10.0');
    policies.activate('1.10.0');
    expect(policies.activate('1.9.0', '  ')).toBe('POLICY_ACTIVATION_INVALID');
    expect(policies.activate('1.9.0', 'regression')).toBe('done 3');
  });

  it('denies everything after the version in force was retired', () => {
    const policies = new Policies();
    expect(policies.activate('1.0.0')).toBe('POLICY_UNKNOWN');
    policies.publish('1.0.0');
    policies.publish('1.1.0');
    policies.activate('1.1.0');
    expect(policies.retire('2.0.0')).toBe('POLICY_VERSION_UNKNOWN');
    expect(policies.retire('1.0.0')).toBe('done 3');
    expect(policies.state.inForce).toMatchObject({ version: '1.1.0' });
    expect(policies.retire('1.1.0')).toBe('done 4');
    expect(policies.state.inForce).toBeNull();
    expect(policies.retire('1.1.0')).toBe('replayed 4');
    expect(policies.activate('1.1.0')).toBe('POLICY_VERSION_UNKNOWN');
  });

  it.each<[string, Partial<PolicyEvent>, object]>([
    ['a gap', { type: 'PolicyActivated', revision: 2n }, { activation: 1, supersedes: null, reason: '' }],
    [
      'time going back',
      { type: 'PolicyActivated', recordedAtMs: START_MS - 1 },
      { activation: 1, supersedes: null, reason: '' },
    ],
    ['a version published twice', { type: 'PolicyPublished' }, publication('1.0.0')],
    [
      'another digest',
      { type: 'PolicyActivated' },
      { digest: digestFor('x'), activation: 1, supersedes: null, reason: '' },
    ],
    ['an activation out of order', { type: 'PolicyActivated' }, { activation: 2, supersedes: null, reason: '' }],
    ['another predecessor', { type: 'PolicyActivated' }, { activation: 1, supersedes: '0.9.0', reason: '' }],
  ])('cannot continue with %s', (_, change, data) => {
    const policies = new Policies();
    policies.publish('1.0.0');
    const whole = { ...common, version: '1.0.0', digest: digestFor('1.0.0'), ...data };
    const event = {
      eventId: uuidFor(9),
      revision: 1n,
      recordedAtMs: START_MS,
      dataDigest: digestFor('d'),
      ...change,
      data: whole,
    };
    expect(() => evolvePolicy(policies.state, event as PolicyEvent)).toThrow(
      expect.objectContaining({ code: 'EVENT_INVALID' }),
    );
  });
});

describe('versions', () => {
  it('are ordered as Semantic Versioning says', () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.2.0',
      '1.10.0',
      '2.0.0',
      '9007199254740993.0.0',
      '9007199254740994.0.0',
    ];
    for (const [at, a] of ordered.entries()) {
      for (const [bt, b] of ordered.entries())
        expect([a, b, Math.sign(compareVersions(a, b))]).toEqual([a, b, Math.sign(at - bt)]);
    }
    expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0);
  });
});
