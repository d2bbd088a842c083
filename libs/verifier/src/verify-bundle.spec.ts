import { canonicalise, textOf, toBase64, utf8, type DecisionId } from '@writ/encoding';
import { encodeBundle, type Bundle } from '@writ/evidence';
import { executionStream, keysStream, policyStream, type ExecutionEvent } from '@writ/ledger';
import { leafHash, nodeHash } from '@writ/merkle';

import { FixtureKey, FixtureNoteKey, signedCheckpoint } from './fixture-keys.fixture.js';
import { mirrorOf, verifyBundle, type CheckName, type Report, type TrustFile } from './index.js';
import { FixtureLedger, LOAN_POLICY, ORIGIN, START_MS, TENANT } from './ledger.fixture.js';

const STREAM = executionStream(TENANT, 'order-1' as never);
const POLICY = policyStream(TENANT, 'loan-approval' as never);

function founded(): FixtureLedger {
  const ledger = new FixtureLedger();
  ledger.publish();
  ledger.activate();
  return ledger;
}

/** A loan that was paid, among others. */
function paid(): FixtureLedger {
  const ledger = founded().crowd(2);
  ledger.evaluate();
  ledger.commit();
  return ledger.crowd(1);
}

interface Verified {
  readonly failed: readonly CheckName[];
  readonly codes: readonly unknown[];
  readonly report: Report;
}

function verified(
  bundle: Bundle | Uint8Array,
  trust: TrustFile,
  options: Parameters<typeof verifyBundle>[2] = {},
): Verified {
  const report = verifyBundle(bundle instanceof Uint8Array ? bundle : encodeBundle(bundle), trust, options);
  const bad = report.checks.filter(({ status }) => status === 'failed');
  return { failed: bad.map(({ name }) => name), codes: bad.map(({ code }) => code), report };
}

/** A file taken apart, to be changed in ways that no type allows. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see above
type Draft = any;

/** The file after a change of its JSON, in canonical form again. */
function edited(bundle: Bundle, change: (json: Draft) => void): Uint8Array {
  const json: unknown = JSON.parse(textOf(encodeBundle(bundle)));
  change(json);
  return canonicalise(json, { maxDepth: 48 });
}

function statusOf({ checks }: Report, name: CheckName): string | undefined {
  return checks.find((check) => check.name === name)?.status;
}

describe('an honest bundle', () => {
  it('is reevaluated, and says so as of the size of its checkpoint', () => {
    const ledger = paid();
    const { failed, report } = verified(ledger.bundleOf(), ledger.trust());
    expect(failed).toEqual([]);
    expect(report).toMatchObject({ kind: 'bundle', verdict: 'reevaluated', required: 'decided', accepted: true });
    expect(report.claims).toMatchObject({
      origin: ORIGIN,
      asOf: { sizeLeaves: String(ledger.events.length), cosignedBy: [] },
      execution: {
        tenant: 'acme',
        executionId: 'order-1',
        completeness: 'asserted',
        status: 'committed',
        standing: 'admitted',
        decisions: [{ outcome: 'admitted', rule: 'prime', policy: { version: '1.0.0' } }],
        withheld: [],
      },
      entry: null,
    });
    expect(report.claims?.execution?.events.map(({ type }) => type)).toEqual([
      'DecisionAdmitted',
      'ReservationPlaced',
      'ExecutionCommitted',
    ]);
  });

  it('is one at every size that covers its decision', () => {
    const ledger = paid();
    const first = ledger.events.findIndex(({ stream }) => stream === STREAM);
    for (let size = first + 1; size <= ledger.events.length; size += 1) {
      const { report } = verified(ledger.bundleOf('order-1', size), ledger.trust());
      expect([size, report.verdict]).toEqual([size, 'reevaluated']);
    }
  });

  it('may be of a denial, an escalation that was approved, or a second evaluation', () => {
    const denied = founded();
    denied.evaluate({ creditScore: 500 });
    const { decisionId } = (denied.events.at(-1)?.prepared.event as ExecutionEvent).data as { decisionId: DecisionId };
    expect(verified(denied.bundleOf(), denied.trust()).report.verdict).toBe('reevaluated');
    denied.later(5_000).evaluate({ creditScore: 800, reevaluate: decisionId });
    const { report } = verified(denied.bundleOf(), denied.trust());
    expect(report.verdict).toBe('reevaluated');
    expect(report.claims?.execution?.decisions.map(({ outcome }) => outcome)).toEqual(['denied', 'admitted']);

    const escalated = founded();
    escalated.evaluate({ amount: 50_000 });
    escalated.later(60_000).approve();
    escalated.reserve();
    escalated.commit('failed');
    expect(verified(escalated.bundleOf(), escalated.trust()).report.verdict).toBe('reevaluated');
  });

  it('may be of a denial because no version was in force', () => {
    const ledger = new FixtureLedger();
    ledger.publish();
    ledger.evaluate();
    const { report } = verified(ledger.bundleOf(), ledger.trust());
    expect(report.verdict).toBe('reevaluated');
    expect(report.checks.find(({ name }) => name === 'inForce')?.findings).toEqual([]);
    const retired = founded();
    retired.retire();
    retired.evaluate();
    expect(verified(retired.bundleOf(), retired.trust()).report.verdict).toBe('reevaluated');
  });

  it('reaches only what is asked of it', () => {
    const ledger = paid();
    for (const require of ['recorded', 'decided', 'reevaluated'] as const) {
      expect(verified(ledger.bundleOf(), ledger.trust(), { require }).report.accepted).toBe(true);
    }
  });
});

describe('what is withheld', () => {
  it('is told, and skips what rests on it', () => {
    const ledger = paid();
    const bytes = edited(ledger.bundleOf(), ({ streams }) => {
      delete streams.execution.events[0].openings['signal:credit_score'];
    });
    const { failed, report } = verified(bytes, ledger.trust(), { require: 'reevaluated' });
    expect(failed).toEqual([]);
    expect(report).toMatchObject({ verdict: 'decided', accepted: false });
    expect(report.claims?.execution?.withheld).toEqual(['0:signal:credit_score']);
    for (const name of ['openings', 'reevaluation']) {
      expect(report.checks.find((check) => check.name === name)).toMatchObject({ status: 'skipped', code: 'WITHHELD' });
    }
  });

  it('may be all openings', () => {
    const ledger = paid();
    const bytes = edited(ledger.bundleOf(), ({ streams }) => {
      for (const event of streams.execution.events) delete event.openings;
    });
    expect(verified(bytes, ledger.trust()).report).toMatchObject({ verdict: 'decided', accepted: true });
  });

  it('may be the data of publications that decided nothing, and only of those', () => {
    const ledger = founded();
    ledger.publish(LOAN_POLICY.replace('1.0.0', '1.1.0'));
    ledger.evaluate();
    const without = (at: number): Uint8Array =>
      edited(ledger.bundleOf(), ({ streams }) => {
        delete streams.policy.events[at].data;
      });
    expect(verified(without(2), ledger.trust()).report.verdict).toBe('reevaluated');
    expect(verified(without(0), ledger.trust()).report.verdict).toBe('recorded');
    expect(verified(without(1), ledger.trust()).failed).toEqual(['form']);
  });
});

describe('honest races', () => {
  it('an activation that lands before the append of a decision', () => {
    const ledger = founded();
    ledger.publish(LOAN_POLICY.replace('1.0.0', '1.1.0'));
    ledger.activate('1.1.0');
    ledger.evaluate({ staleBy: 1 });
    const { report } = verified(ledger.bundleOf(), ledger.trust());
    expect(report.verdict).toBe('reevaluated');
    expect(report.checks.find(({ name }) => name === 'inForce')).toMatchObject({
      status: 'passed',
      code: null,
      findings: [{ code: 'POLICY_SUPERSEDED' }],
    });
  });

  it('an activation whose node is behind, and a first activation that a node has not seen', () => {
    const ledger = founded();
    ledger.publish(LOAN_POLICY.replace('1.0.0', '1.1.0'));
    ledger.activate('1.1.0');
    ledger.later(3_000).evaluate({ staleBy: 1 });
    expect(verified(ledger.bundleOf(), ledger.trust()).report.verdict).toBe('reevaluated');
    const young = founded();
    young.later(900).evaluate({ staleBy: 1 });
    expect(verified(young.bundleOf(), young.trust()).report.verdict).toBe('reevaluated');
  });

  it('a rotation that lands before the append of a decision', () => {
    const ledger = founded();
    const old = ledger.key;
    ledger.rotate(new FixtureKey(0x02));
    ledger.evaluate({}, { key: old });
    ledger.commit();
    expect(verified(ledger.bundleOf(), ledger.trust()).report.verdict).toBe('reevaluated');
  });
});

describe('what a dishonest ledger signs and anchors', () => {
  it('a wrong outcome fails exactly re-evaluation', () => {
    const ledger = founded().crowd(2);
    ledger.evaluate({
      creditScore: 400,
      doctor: (verdict) => ({ ...verdict, outcome: 'admitted', rule: 'prime', validUntilMs: START_MS + 3_600_000 }),
    });
    const { failed, codes, report } = verified(ledger.bundleOf(), ledger.trust());
    expect([failed, codes]).toEqual([['reevaluation'], ['OUTCOME_DIFFERS']]);
    expect(report).toMatchObject({ verdict: null, accepted: false, claims: null });
  });

  it.each([
    ['rule', { rule: 'otherwise' }],
    ['reasons', { reasons: [{ code: 'RULE', text: 'a friend of the house', rule: 'prime' }] }],
    ['obligations', { obligations: [] }],
    ['validUntil', { validUntilMs: START_MS + 7_200_000 }],
    ['diagnostics', { diagnostics: [] }],
    [
      'terms',
      { terms: { maxEvaluations: 9, reservation: { ttlMs: 1, maxTtlMs: 1, effect: 'once' as const, maxAttempts: 9 } } },
    ],
  ])('wrong %s fail exactly re-evaluation', (_, lie) => {
    const ledger = founded();
    ledger.evaluate({ doctor: (verdict) => ({ ...verdict, ...lie }), reserve: false });
    expect(verified(ledger.bundleOf(), ledger.trust()).failed).toEqual(['reevaluation']);
  });

  it('a policy that was replaced long before', () => {
    const ledger = founded();
    ledger.publish(LOAN_POLICY.replace('1.0.0', '1.1.0'));
    ledger.activate('1.1.0');
    ledger.later(10_001).evaluate({ staleBy: 1 });
    const { failed, codes } = verified(ledger.bundleOf(), ledger.trust());
    expect([failed, codes]).toEqual([['inForce'], ['POLICY_SUPERSEDED']]);
    const patient = verified(ledger.bundleOf(), ledger.trust(), { policyMaxLagMs: 20_000 });
    expect(patient.report.verdict).toBe('reevaluated');
  });

  it('a policy that was retired, or that only came into force later', () => {
    const ledger = founded();
    const reference = (): unknown => ledger.eventsOf(POLICY)[1]?.prepared.event;
    ledger.retire();
    const activation = reference() as { eventId: never; revision: bigint; data: { digest: never } };
    const policy = {
      policyId: 'loan-approval' as never,
      version: '1.0.0',
      digest: activation.data.digest,
      activation: { eventId: activation.eventId, revision: '1' },
    };
    ledger.later(60_000).evaluate({ doctor: (verdict) => ({ ...verdict, policy }) });
    expect(verified(ledger.bundleOf(), ledger.trust()).failed).toContain('inForce');

    const early = founded();
    early.evaluate();
    // The store put the activation behind the decision that names it.
    const [added, published, activated, ...rest] = early.events.splice(0);
    early.events.push(...[added, published, ...rest, activated].flatMap((event) => event ?? []));
    expect(verified(early.bundleOf(), early.trust())).toMatchObject({ failed: ['inForce'], codes: ['POLICY_NOT_YET'] });
  });

  it('a retired version that is put in force again, and an activation that was not counted', () => {
    const ledger = founded();
    ledger.retire();
    ledger.activate();
    ledger.evaluate();
    expect(verified(ledger.bundleOf(), ledger.trust())).toMatchObject({
      failed: ['inForce'],
      codes: ['EVENT_INVALID'],
    });
    const uncounted = founded();
    const [, , activated] = uncounted.events;
    const { data } = activated?.prepared.event as unknown as { data: Record<string, unknown> };
    uncounted.append(POLICY, [
      { type: 'PolicyActivated', data: { ...data, activation: 3, supersedes: '1.0.0' } as never },
    ]);
    uncounted.evaluate();
    expect(verified(uncounted.bundleOf(), uncounted.trust()).failed).toEqual(['inForce']);
  });

  it('a denial for want of a policy while one was in force', () => {
    const ledger = founded();
    ledger.later(60_000).evaluate({ staleBy: 1 });
    expect(verified(ledger.bundleOf(), ledger.trust())).toMatchObject({
      failed: ['inForce'],
      codes: ['POLICY_SUPERSEDED'],
    });
  });

  it('another digest than that of the policy', () => {
    const ledger = founded();
    const digest = `sha256:${'0'.repeat(64)}` as never;
    ledger.evaluate({ doctor: (verdict) => ({ ...verdict, policy: { ...verdict.policy!, digest } }) });
    const { failed, codes } = verified(ledger.bundleOf(), ledger.trust());
    expect([failed, codes]).toEqual([['policyDigest'], ['POLICY_DIGEST_MISMATCH']]);
  });

  it('an evaluation time of another day', () => {
    const ledger = founded();
    ledger.evaluate({ doctor: (verdict) => ({ ...verdict, evaluatedAtMs: START_MS - 60_000 }), reserve: false });
    const { failed, codes } = verified(ledger.bundleOf(), ledger.trust());
    expect([failed, codes]).toEqual([['inForce'], ['DECISION_BACKDATED']]);
  });

  it('a publication with a signature that is not over it', () => {
    const ledger = new FixtureLedger();
    ledger.publish(LOAN_POLICY, new FixtureKey(0x09));
    ledger.activate();
    ledger.evaluate();
    // The publication names its own key, and another one made the signature.
    const doctored = new FixtureLedger();
    const [, published] = ledger.events;
    const fact = published?.prepared.event as unknown as { data: Record<string, unknown> };
    doctored.append(POLICY, [{ type: 'PolicyPublished', data: { ...fact.data, keyId: doctored.key.keyId } as never }]);
    doctored.activate();
    doctored.evaluate();
    const { failed, codes } = verified(doctored.bundleOf(), doctored.trust());
    expect([failed, codes]).toEqual([['publication'], ['SIGNATURE_INVALID']]);
  });

  it('a second commit', () => {
    const ledger = paid();
    ledger.append(STREAM, [ledger.reportFact('succeeded').fact]);
    const { failed, codes, report } = verified(ledger.bundleOf(), ledger.trust());
    expect([failed, codes]).toEqual([['atMostOnce'], ['COMMITTED_TWICE']]);
    expect(statusOf(report, 'stateMachine')).toBe('skipped');
  });

  it('an event that cannot follow', () => {
    const ledger = founded();
    ledger.evaluate();
    const placed = ledger.events.at(-1)?.prepared.event as never;
    ledger.append(STREAM, [placed]);
    const { failed, codes, report } = verified(ledger.bundleOf(), ledger.trust());
    expect([failed, codes]).toEqual([['stateMachine'], ['EVENT_INVALID']]);
    expect(report.checks.find(({ name }) => name === 'stateMachine')?.findings).toMatchObject([
      { subject: { stream: STREAM, revision: '2', index: String(ledger.events.length - 1) } },
    ]);
  });

  it('events in another order than their revisions', () => {
    const ledger = founded();
    ledger.evaluate();
    ledger.events.push(...ledger.events.splice(-2).reverse());
    const bundle = ledger.bundleOf();
    const { execution } = bundle.streams;
    const inOrder = { ...bundle.streams, execution: { ...execution, head: ledger.headOf(STREAM, 1, 5) } };
    const sorted = { ...inOrder.execution, events: [...execution.events].reverse() };
    const { failed, codes } = verified({ ...bundle, streams: { ...inOrder, execution: sorted } }, ledger.trust());
    expect([failed, codes]).toEqual([['contiguity'], ['INDEX_ORDER']]);
  });

  it('an opening of another value', () => {
    const ledger = paid();
    const bytes = edited(ledger.bundleOf(), ({ streams }) => {
      streams.execution.events[0].openings['signal:loan_amount'].value.source = 'hearsay';
    });
    expect(verified(bytes, ledger.trust())).toMatchObject({ failed: ['openings'], codes: ['OPENING_MISMATCH'] });
    const surplus = edited(ledger.bundleOf(), ({ streams }) => {
      const { openings } = streams.execution.events[0];
      openings['signal:mood'] = openings['signal:bureau'];
    });
    expect(verified(surplus, ledger.trust()).failed).toEqual(['openings']);
    const result = edited(ledger.bundleOf(), ({ streams }) => {
      streams.execution.events[2].openings.result.value.paid = 1;
    });
    expect(verified(result, ledger.trust()).failed).toEqual(['openings']);
  });

  it('a report whose digest is of another result', () => {
    const ledger = founded();
    ledger.evaluate();
    const { fact, openings } = ledger.reportFact('succeeded');
    const data = { ...fact.data, bodyDigest: `sha256:${'1'.repeat(64)}` as never };
    ledger.append(STREAM, [{ ...fact, data }], { openings: () => openings });
    expect(verified(ledger.bundleOf(), ledger.trust()).failed).toEqual(['openings']);
  });
});

describe('a mirror', () => {
  it('with a leaf that is no entry leaves open of which stream it is', () => {
    const ledger = paid();
    const [first] = ledger.events;
    const entry = utf8('{"streamRef":"x"}');
    ledger.events.push({
      ...first!,
      stream: 'none',
      prepared: { ...first!.prepared, entry, leafHash: leafHash(entry) as never },
    });
    const mirror = mirrorOf(ledger.entries, BigInt(ledger.events.length));
    const { failed, report } = verified(ledger.bundleOf(), ledger.trust(), { mirror });
    expect(failed).toEqual(['completeness']);
    expect(report.checks.find(({ name }) => name === 'completeness')?.findings).toMatchObject([
      { code: 'FOREIGN_EVENT', subject: { index: String(ledger.events.length - 1) } },
    ]);
  });
});

describe('the end of a stream', () => {
  it('left out, fails exactly the stream head', () => {
    const ledger = paid();
    const bytes = edited(ledger.bundleOf(), ({ streams }) => streams.execution.events.pop());
    expect(verified(bytes, ledger.trust())).toMatchObject({ failed: ['streamHeads'], codes: ['HEAD_MISMATCH'] });
  });

  it('left out with the word of the ledger, is asserted, and shown by a mirror', () => {
    const ledger = paid();
    const bundle = ledger.bundleOf();
    const { execution } = bundle.streams;
    const head = ledger.headOf(STREAM, 1, ledger.events.length);
    const short = { ...execution, head, events: execution.events.slice(0, 2) };
    const lie = { ...bundle, streams: { ...bundle.streams, execution: short } };
    expect(verified(lie, ledger.trust()).report.claims?.execution?.completeness).toBe('asserted');
    const mirror = mirrorOf(ledger.entries, BigInt(ledger.events.length));
    expect(verified(lie, ledger.trust(), { mirror })).toMatchObject({
      failed: ['completeness'],
      codes: ['EVENT_LEFT_OUT'],
    });
    expect(verified(bundle, ledger.trust(), { mirror }).report.claims?.execution?.completeness).toBe('proved');
  });

  it('is proved by the mirror of this very tree only', () => {
    const ledger = paid();
    const size = BigInt(ledger.events.length);
    const shorter = mirrorOf(ledger.entries, size - 1n);
    expect(verified(ledger.bundleOf(), ledger.trust(), { mirror: shorter }).codes).toEqual(['MIRROR_DIFFERS']);
    const other = mirrorOf([...ledger.entries.slice(0, -1), utf8('x')], size);
    expect(verified(ledger.bundleOf(), ledger.trust(), { mirror: other }).codes).toEqual(['MIRROR_DIFFERS']);
    expect(() => mirrorOf(ledger.entries.slice(1), size)).toThrow(expect.objectContaining({ code: 'ENTRY_NOT_FOUND' }));
  });

  it('is not told by a head of another tree, another stream or another domain', () => {
    const ledger = paid();
    const bundle = ledger.bundleOf();
    const size = ledger.events.length;
    const withHead = (head: Bundle['streams']['execution']['head']): Bundle => ({
      ...bundle,
      streams: { ...bundle.streams, execution: { ...bundle.streams.execution, head } },
    });
    const own = bundle.streams.execution;
    expect(verified(withHead(ledger.headOf(STREAM, 2, size - 1)), ledger.trust()).failed).toEqual(['streamHeads']);
    expect(verified(withHead(ledger.headOf(POLICY, 2, size)), ledger.trust()).failed).toEqual(['streamHeads']);
    const { signature } = own.events[0]!.attestation;
    expect(verified(withHead({ ...own.head, signature }), ledger.trust())).toMatchObject({
      failed: ['streamHeads'],
      codes: ['SIGNATURE_INVALID'],
    });
  });
});

describe('what somebody else makes up', () => {
  it('a ledger of its own keys: bundle and trust file disagree', () => {
    const theirs = paid();
    const trust = theirs.trust({ keys: [new FixtureKey(0x77)] });
    expect(verified(theirs.bundleOf(), trust)).toMatchObject({ failed: ['keys'], codes: ['KEY_UNKNOWN'] });
  });

  it('a checkpoint by another key under the same name', () => {
    const ledger = paid();
    const trust = ledger.trust({ policy: new FixtureLedger(ORIGIN, 0x22).trust().policy });
    expect(verified(ledger.bundleOf(), trust)).toMatchObject({ failed: ['checkpoint'], codes: ['NOTE_UNSIGNED'] });
  });

  it('a checkpoint of another origin', () => {
    const ledger = paid();
    const log = new FixtureNoteKey('ledger.example/other', 0x21);
    const rootHash = Uint8Array.from(mirrorOf(ledger.entries, BigInt(ledger.events.length)).rootHash);
    const tree = { origin: 'ledger.example/other', sizeLeaves: BigInt(ledger.events.length), rootHash };
    const lie = { ...ledger.bundleOf(), checkpoint: signedCheckpoint(tree, log) };
    expect(verified(lie, ledger.trust())).toMatchObject({ failed: ['checkpoint'], codes: ['CHECKPOINT_ORIGIN'] });
  });

  it('a bundle of another ledger', () => {
    const other = new FixtureLedger('ledger.example/other', 0x23);
    other.publish();
    other.activate();
    other.evaluate();
    const { failed, report } = verified(other.bundleOf(), paid().trust());
    expect(failed).toEqual(expect.arrayContaining(['origin', 'checkpoint', 'attestations']));
    expect(report.verdict).toBeNull();
  });

  it('a tree without leaves', () => {
    const ledger = paid();
    const lie = { ...ledger.bundleOf(), checkpoint: ledger.checkpoint(0) };
    const { failed, codes } = verified(lie, ledger.trust());
    expect(failed).toEqual(['checkpoint', 'inclusion', 'streamHeads']);
    expect(codes[0]).toBe('CHECKPOINT_INVALID');
  });

  it('an inner node for a leaf, a phantom index, a path of another length', () => {
    const ledger = paid();
    const size = ledger.events.length;
    const event = (change: (event: Draft) => void): readonly CheckName[] =>
      verified(
        edited(ledger.bundleOf(), ({ streams }) => change(streams.execution.events[0])),
        ledger.trust(),
      ).failed;
    const [left, right] = ledger.leafHashes;
    expect(event((it) => (it.attestation.entry = toBase64(nodeHash(left!, right!))))).toEqual(
      expect.arrayContaining(['entries', 'attestations', 'inclusion']),
    );
    expect(event((it) => (it.index = String(size)))).toEqual(expect.arrayContaining(['inclusion']));
    expect(event((it) => (it.index = '9223372036854775807'))).toEqual(expect.arrayContaining(['inclusion']));
    expect(event((it) => it.path.pop())).toEqual(['inclusion']);
    expect(event((it) => it.path.push(it.path[0]))).toEqual(['inclusion']);
    expect(event((it) => (it.path = []))).toEqual(['inclusion']);
    expect(event((it) => (it.path = Array.from({ length: 64 }, () => it.path[0])))).toEqual(['form']);
    expect(event((it) => it.path.reverse())).toEqual(['inclusion']);
  });

  it('a signature with the other S, and one from another domain', () => {
    const ledger = paid();
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const high = (signature: string): string => {
      const bytes = Uint8Array.from(Buffer.from(signature, 'base64'));
      const s = order - BigInt(`0x${Buffer.from(bytes.subarray(32)).toString('hex')}`);
      bytes.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex'), 32);
      return toBase64(bytes);
    };
    const attested = edited(ledger.bundleOf(), ({ streams }) => {
      const { attestation } = streams.execution.events[2];
      attestation.signature = high(attestation.signature);
    });
    expect(verified(attested, ledger.trust())).toMatchObject({
      failed: ['attestations'],
      codes: ['ATTESTATION_INVALID'],
    });
    const head = edited(ledger.bundleOf(), ({ streams }) => {
      streams.keys.head.signature = high(streams.keys.head.signature);
    });
    expect(verified(head, ledger.trust()).failed).toEqual(['streamHeads']);
    const swapped = edited(ledger.bundleOf(), ({ streams }) => {
      streams.execution.events[2].attestation.signature = streams.execution.head.signature;
    });
    expect(verified(swapped, ledger.trust()).failed).toEqual(['attestations']);
  });

  it('an event whose data were changed', () => {
    const ledger = paid();
    const bytes = edited(ledger.bundleOf(), ({ streams }) => {
      const event = streams.execution.events[1];
      event.data = event.data.replace('"ttlMs":300000', '"ttlMs":300001');
    });
    expect(verified(bytes, ledger.trust())).toMatchObject({ failed: ['entries'], codes: ['FOREIGN_EVENT'] });
  });

  it('an event of the middle that is left out', () => {
    const ledger = paid();
    const bytes = edited(ledger.bundleOf(), ({ streams }) => streams.execution.events.splice(1, 1));
    expect(verified(bytes, ledger.trust()).failed).toEqual(['contiguity', 'stateMachine']);
  });

  it('another execution under this name', () => {
    const ledger = paid();
    ledger.evaluate({ executionId: 'order-2' });
    const bytes = edited(ledger.bundleOf('order-2'), (json) => {
      json.executionId = 'order-1';
      json.streams.execution.stream = STREAM;
    });
    const { failed } = verified(bytes, ledger.trust());
    expect(failed).toEqual(expect.arrayContaining(['entries', 'streamHeads']));
  });
});

describe('witnesses', () => {
  const witness = FixtureNoteKey.witness('witness.example/w1', 0x31);
  const policyOf = (ledger: FixtureLedger): TrustFile =>
    ledger.trust({
      policy: {
        ...ledger.trust().policy,
        witnesses: [{ name: 'w1', key: witness.key }],
        quorum: { kind: 'witness', name: 'w1' },
      },
    });
  const timeSeconds = START_MS / 1_000 + 60;
  const cosigned = (ledger: FixtureLedger): Bundle =>
    ledger.bundleOf('order-1', ledger.events.length, [{ by: witness, timeSeconds }]);

  it('are told, and a quorum of them asked for', () => {
    const ledger = paid();
    expect(verified(cosigned(ledger), policyOf(ledger)).report.claims?.asOf?.cosignedBy).toEqual([
      { witness: 'w1', timeSeconds },
    ]);
    expect(verified(ledger.bundleOf(), policyOf(ledger))).toMatchObject({
      failed: ['quorum'],
      codes: ['CHECKPOINT_QUORUM'],
    });
  });

  it('tell how old a checkpoint is; without them it is of no age', () => {
    const ledger = paid();
    const nowMs = timeSeconds * 1_000 + 5_000;
    const verdict = (bundle: Bundle, trust: TrustFile, maxAgeMs: number): Verified =>
      verified(bundle, trust, { age: { nowMs, maxAgeMs } });
    expect(verdict(cosigned(ledger), policyOf(ledger), 5_000).report.verdict).toBe('reevaluated');
    expect(verdict(cosigned(ledger), policyOf(ledger), 4_999)).toMatchObject({
      failed: ['freshness'],
      codes: ['CHECKPOINT_STALE'],
    });
    expect(verdict(ledger.bundleOf(), ledger.trust(), 1e12).failed).toEqual(['freshness']);
  });
});

describe('keys', () => {
  const second = new FixtureKey(0x02);
  const third = new FixtureKey(0x03);
  const verdictOf = (ledger: FixtureLedger, trust: TrustFile = ledger.trust()): unknown => {
    const { failed, codes, report } = verified(ledger.bundleOf(), trust);
    return failed.length > 0 ? [failed, codes] : report.verdict;
  };

  it('that were rotated in are reached from the pinned one, over any number of steps', () => {
    const ledger = founded();
    ledger.rotate(second);
    ledger.rotate(third);
    ledger.evaluate();
    expect(verdictOf(ledger)).toBe('reevaluated');
    expect(verdictOf(ledger, ledger.trust({ keys: [third] }))).toEqual([['keys'], ['KEY_UNKNOWN']]);
    expect(verdictOf(ledger, ledger.trust({ keys: [third, ledger.rootKey] }))).toBe('reevaluated');
  });

  it('sign nothing before they were rotated in', () => {
    const ledger = founded();
    ledger.evaluate({}, { key: second });
    ledger.rotate(second);
    expect(verdictOf(ledger)).toEqual([['keys'], ['KEY_NOT_YET_VALID']]);
  });

  it.each([
    ['before', 1, 'reevaluated'],
    ['at', 0, [['keys'], ['KEY_REVOKED']]],
    ['after', -1, [['keys'], ['KEY_REVOKED']]],
  ])('that were revoked: signed %s the cut-off', (_, beyond, expected) => {
    const ledger = founded();
    ledger.rotate(second);
    ledger.crowd(1).evaluate({ reserve: false }, { key: ledger.rootKey });
    const index = ledger.events.length - 1;
    ledger.revoke(ledger.rootKey, index + beyond);
    expect(verdictOf(ledger)).toEqual(expected);
  });

  it('are revoked by the key that is current, and no other', () => {
    const ledger = founded();
    ledger.evaluate();
    ledger.rotate(second);
    ledger.revoke(second, ledger.events.length, ledger.rootKey);
    expect(verdictOf(ledger)).toEqual([['keys'], ['KEY_UNKNOWN']]);
  });

  it('are rotated by the key that is replaced, and no other', () => {
    const ledger = founded();
    ledger.evaluate();
    ledger.rotate(second, second);
    expect(verdictOf(ledger)).toEqual([['keys'], ['KEY_UNKNOWN']]);
    const elsewhere = founded();
    elsewhere.rotate(second);
    elsewhere.rotate(third, elsewhere.rootKey);
    elsewhere.evaluate();
    expect(verdictOf(elsewhere)).toEqual([['keys'], ['KEY_UNKNOWN']]);
  });

  it('that a revoked key had brought in after its cut-off must be pinned', () => {
    const ledger = founded();
    const cutOff = ledger.events.length;
    ledger.rotate(second);
    ledger.revoke(ledger.rootKey, cutOff);
    ledger.evaluate();
    expect(verdictOf(ledger)).toEqual([['keys'], ['KEY_UNKNOWN']]);
    expect(verdictOf(ledger, ledger.trust({ keys: [ledger.rootKey, second] }))).toBe('reevaluated');
  });

  it('of a head may have come with the last leaf of its tree', () => {
    const ledger = founded();
    ledger.evaluate();
    ledger.rotate(second);
    expect(verdictOf(ledger)).toBe('reevaluated');
  });

  it('of a head count as of the size of its tree', () => {
    const ledger = founded();
    ledger.evaluate();
    const size = ledger.events.length + 2;
    ledger.rotate(second);
    ledger.revoke(ledger.rootKey, size - 1);
    const bundle = ledger.bundleOf();
    const head = ledger.headOf(STREAM, 1, size, ledger.rootKey);
    const lie = { ...bundle, streams: { ...bundle.streams, execution: { ...bundle.streams.execution, head } } };
    expect(verified(lie, ledger.trust())).toMatchObject({ failed: ['keys'], codes: ['KEY_REVOKED'] });
    expect(keysStream(ORIGIN)).toBe(bundle.streams.keys.stream);
  });
});

describe('options', () => {
  it('that make no sense are refused', () => {
    const ledger = founded();
    ledger.evaluate();
    const bytes = encodeBundle(ledger.bundleOf());
    expect(() => verifyBundle(bytes, ledger.trust(), { policyMaxLagMs: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });
});
