import { canonicalise, parseExecutionId, parseTenant, textOf, toBase64, utf8 } from '@writ/encoding';
import { executionStream, keyIdOf, keysStream } from '@writ/ledger';

import { encodeBundle, parseBundle, streamHeadMessage, type Bundle } from './index.js';
import { TestKey } from './sign.fixture.js';

const origin = 'ledger.example/loans';
const tenant = parseTenant('acme');
const executionId = parseExecutionId('order-1');
const key = new TestKey(1);
const hash = new Uint8Array(32).fill(7);
const event = {
  type: 'DecisionDenied',
  typeVersion: 1,
  data: '{}',
  attestation: {
    entry: 'an entry',
    keyId: keyIdOf(key.publicKey),
    batch: { index: 0, size: 2, path: [toBase64(hash)] },
    signature: toBase64(new Uint8Array(64).fill(9)),
  },
  index: 9_007_199_254_740_993n,
  path: [hash, hash],
};
const head = {
  streamRef: 'x',
  lastRevision: 0n,
  treeSize: 9_007_199_254_740_994n,
  keyId: key.keyId,
  signature: event.attestation.signature,
};
const opened = { ...event, openings: { subject: { salt: toBase64(new Uint8Array(16)), value: [null, 'é', 1.5] } } };
const bundle: Bundle = {
  origin,
  tenant,
  executionId,
  checkpoint: 'a note\n',
  streams: {
    execution: {
      stream: executionStream(tenant, executionId),
      salt: new Uint8Array(16).fill(4),
      head,
      events: [opened, event],
    },
    policy: { stream: 'policy-acme.loan-approval', head, events: [event] },
    keys: { stream: keysStream(origin), head, events: [event] },
  },
};
const bytes = encodeBundle(bundle);

function codeOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}

/** A file taken apart, to be changed in ways that no type allows. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see above
type Draft = any;

/** The code with which the file is refused after a change of its JSON. */
function changed(change: (json: Draft) => void): unknown {
  const json: unknown = JSON.parse(textOf(bytes));
  change(json);
  return codeOf(() => parseBundle(canonicalise(json, { maxDepth: 128 })));
}

describe('a bundle', () => {
  it('is read as it is written', () => {
    expect(parseBundle(bytes)).toEqual(bundle);
    expect(encodeBundle(parseBundle(bytes))).toEqual(bytes);
    expect(changed(() => undefined)).toBeUndefined();
  });

  it('is canonical JSON and nothing around it', () => {
    const text = textOf(bytes);
    for (const spelled of [
      ` ${text}`,
      `${text}\n`,
      text.replace(':', ': '),
      text.replace('acme', '\\u0061cme'),
      '',
      '{}',
    ]) {
      expect(codeOf(() => parseBundle(utf8(spelled)))).toBe('BUNDLE_INVALID');
    }
    expect(codeOf(() => parseBundle(Uint8Array.of(0xff)))).toBe('BUNDLE_INVALID');
    expect(codeOf(() => parseBundle('text' as never))).toBe('BUNDLE_INVALID');
    expect(codeOf(() => parseBundle(undefined as never))).toBe('BUNDLE_INVALID');
  });

  it.each<[string, (json: Draft) => void]>([
    ['another format', (json) => (json.format = 'writ/bundle/v2')],
    ['a member more', (json) => (json.note = 1)],
    ['a member less', (json) => delete json.checkpoint],
    ['a member more, deep down', ({ streams }) => (streams.keys.events[0].attestation.batch.root = 'x')],
    ['a stream more', ({ streams }) => (streams.refusals = streams.keys)],
    ['no events', ({ streams }) => (streams.policy.events = [])],
    ['the stream of another execution', ({ streams }) => (streams.execution.stream = 'execution-acme.order-2')],
    ['the keys of another ledger', ({ streams }) => (streams.keys.stream = 'keys-ledger.example/other')],
    ['the policy of another tenant', ({ streams }) => (streams.policy.stream = 'policy-umbrella.loan-approval')],
    ['something else for the policy', ({ streams }) => (streams.policy.stream = 'refusals-acme')],
    ['a salt of another stream', ({ streams }) => (streams.keys.salt = streams.execution.salt)],
    ['no salt', ({ streams }) => delete streams.execution.salt],
    ['no data', ({ streams }) => delete streams.execution.events[0].data],
    ['no openings, spelled out', ({ streams }) => (streams.execution.events[1].openings = {})],
    [
      'openings of a policy',
      ({ streams }) => (streams.policy.events[0].openings = streams.execution.events[0].openings),
    ],
    ['an index that is a number', ({ streams }) => (streams.keys.events[0].index = 1)],
    ['an index with a leading zero', ({ streams }) => (streams.keys.events[0].index = '01')],
    ['an index beyond 63 bits', ({ streams }) => (streams.keys.events[0].index = '1'.repeat(20))],
    ['a path that is too long', ({ streams }) => (streams.keys.events[0].path = Array(64).fill(toBase64(hash)))],
    ['a hash of 31 bytes', ({ streams }) => (streams.keys.events[0].path = [toBase64(hash.slice(1))])],
    ['unused bits that are set', ({ streams }) => (streams.keys.events[0].path = ['A'.repeat(42) + 'B='])],
    ['a batch index beyond its size', ({ streams }) => (streams.keys.events[0].attestation.batch.index = 2)],
    ['an origin that is none', (json) => (json.origin = 'writ/grant/v1')],
    ['a tenant that is none', (json) => (json.tenant = 'Acme')],
  ])('is refused: %s', (_, change) => {
    expect(changed(change)).toBe('BUNDLE_INVALID');
  });

  it('is refused when it is nested too deep', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    const deep = (depth: number): unknown =>
      changed(({ streams }) => (streams.execution.events[0].openings.subject.value = nested(depth)));
    expect(deep(33)).toBeUndefined();
    expect(deep(60)).toBe('BUNDLE_INVALID');
  });

  it('is not written where it could not be read', () => {
    expect(codeOf(() => encodeBundle({ ...bundle, origin: 'Nobody' }))).toBe('BUNDLE_INVALID');
    expect(codeOf(() => encodeBundle({ ...bundle, checkpoint: '\ud800' }))).toBe('BUNDLE_INVALID');
  });
});

describe('a stream head', () => {
  it('signs origin, stream, end and tree, in its own domain', () => {
    const message = textOf(streamHeadMessage(origin, { streamRef: 'keys-x', lastRevision: 3n, treeSize: 7n }));
    expect(message).toBe(
      'writ/stream-head/v1\nledger.example/loans\n{"lastRevision":"3","streamRef":"keys-x","treeSize":"7"}',
    );
  });
});
