import { canonicalise, parseBase64, parseJson, textOf, toBase64, utf8, type JsonObject } from '@writ/encoding';
import { attestationMessage, encodeBundle } from '@writ/evidence';
import { commit, parseEntry, type Fact } from '@writ/ledger';
import { emptyRoot, rootOf } from '@writ/merkle';

import {
  attestAnew,
  bundleOf,
  bundleStream,
  checkpointOf,
  COSIGNED_AT,
  firstSigner,
  leavesOf,
  sealed,
  secondSigner,
  strangeSigner,
  type LoggedEvent,
} from './frozen-log.js';
import { rotatedLog } from './rotated-log.js';

/** One file that a verifier is given, and with what. */
export interface GoldenCase {
  readonly name: string;
  readonly bundle: Uint8Array;
  /** All entries of the tree, where the verifier gets a mirror. */
  readonly entries?: readonly Uint8Array[];
  /** Cosignatures must not be older than this, in milliseconds since 1970. */
  readonly notBeforeMs?: number;
}

type Json = Record<string, unknown>;

/** Honest bundles: what a ledger hands out. */
export function honestCases(history: readonly LoggedEvent[]): GoldenCase[] {
  const rotated = rotatedLog(history);
  const whole = (id: string, log = history): Uint8Array => encodeBundle(bundleOf(log, id));
  return [
    { name: 'committed', bundle: whole('loan-1') },
    { name: 'committed-with-mirror', bundle: whole('loan-1'), entries: entriesOf(history) },
    { name: 'young-enough', bundle: whole('loan-1'), notBeforeMs: COSIGNED_AT * 1_000 },
    { name: 'before-the-commit', bundle: encodeBundle(bundleOf(history, 'loan-1', { size: 5 })) },
    { name: 'reevaluated-and-run-again', bundle: whole('loan-2') },
    { name: 'escalated', bundle: whole('loan-3') },
    { name: 'reconciled', bundle: whole('loan-4') },
    { name: 'batch-of-six', bundle: whole('loan-6') },
    { name: 'denied-by-the-stricter-version', bundle: whole('loan-8') },
    { name: 'admitted-by-the-stricter-version', bundle: whole('loan-9') },
    {
      name: 'one-signal-withheld',
      bundle: encodeBundle(bundleOf(history, 'loan-1', { withhold: ['signal:credit_score'] })),
    },
    { name: 'all-withheld', bundle: encodeBundle(bundleOf(history, 'loan-1', { withhold: 'all' })) },
    { name: 'activation-race', bundle: whole('loan-5', activationRace(history)) },
    { name: 'new-key', bundle: encodeBundle(bundleOf(rotated, 'loan-5', { signer: secondSigner })) },
    { name: 'old-key-in-the-overlap', bundle: encodeBundle(bundleOf(rotated, 'loan-6', { signer: secondSigner })) },
    { name: 'after-the-revocation', bundle: encodeBundle(bundleOf(rotated, 'loan-7', { signer: secondSigner })) },
  ];
}

/** Lies of somebody who holds the keys, or who only holds the file. */
export function dishonestCases(history: readonly LoggedEvent[]): GoldenCase[] {
  return [...signedLies(history), ...keyLies(history), ...fileLies(history), ...checkpointLies(history)];
}

/** The ledger itself lies: everything is signed and in the tree. */
function signedLies(history: readonly LoggedEvent[]): GoldenCase[] {
  const decision = history.findIndex(({ stream }) => stream === 'execution-acme.loan-1');
  const forged = (at: number, change: (event: LoggedEvent) => LoggedEvent): Uint8Array =>
    encodeBundle(
      bundleOf(
        history.map((event, index) => (index === at ? change(event) : event)),
        'loan-1',
      ),
    );
  const withData = (at: number, change: (data: Json) => Json): Uint8Array =>
    forged(at, (event) => attestAnew(event, { data: (data) => change(data) as JsonObject }));
  const committed = decision + 2;
  return [
    { name: 'wrong-outcome', bundle: forged(decision, withLowScore) },
    { name: 'obligations-dropped', bundle: withData(decision, (data) => ({ ...data, obligations: [] })) },
    { name: 'backdated', bundle: withData(decision, (data) => ({ ...data, evaluatedAt: '2026-01-15T10:00:00.000Z' })) },
    { name: 'other-document', bundle: withData(1, (data) => ({ ...data, document: otherDocument(data['document']) })) },
    { name: 'committed-twice', bundle: encodeBundle(bundleOf(committedTwice(history, committed), 'loan-1')) },
    { name: 'superseded-long-before', bundle: encodeBundle(bundleOf(supersededLongBefore(history), 'loan-5')) },
    { name: 'denied-beside-another-policy', bundle: deniedBesideAnotherPolicy(history) },
    { name: 'last-event-left-out-head-signed', bundle: leftOut(history), entries: entriesOf(history) },
    { name: 'last-event-left-out-and-nobody-looks', bundle: leftOut(history) },
  ];
}

/** Signatures by keys that do not count. */
function keyLies(history: readonly LoggedEvent[]): GoldenCase[] {
  const rotated = rotatedLog(history);
  const stolen = rotatedLog(history, 7n);
  const strange = history.map((event) => attestAnew(event, { signer: strangeSigner }));
  const own = strange.map((event) => (event.type === 'KeyAdded' ? bringing(event) : event));
  const afterCutOff = rotated.map((event) =>
    event.stream === 'execution-acme.loan-7' ? attestAnew(event, { signer: firstSigner }) : event,
  );
  const byStranger = rotated.map((event) =>
    event.type === 'KeyRotated' ? attestAnew(event, { signer: strangeSigner }) : event,
  );
  const oneStrange = history.map((event, at) => (at === 4 ? attestAnew(event, { signer: strangeSigner }) : event));
  return [
    { name: 'own-keys', bundle: encodeBundle(bundleOf(own, 'loan-1', { signer: strangeSigner })) },
    { name: 'unknown-signer', bundle: encodeBundle(bundleOf(oneStrange, 'loan-1')) },
    {
      name: 'signed-after-the-cut-off',
      bundle: encodeBundle(bundleOf(afterCutOff, 'loan-7', { signer: secondSigner })),
    },
    { name: 'rotated-by-a-stranger', bundle: encodeBundle(bundleOf(byStranger, 'loan-5', { signer: secondSigner })) },
    {
      name: 'signed-at-the-cut-off',
      bundle: encodeBundle(bundleOf(stolen, 'loan-6', { signer: secondSigner })),
    },
    { name: 'revocation-left-out-by-the-thief', bundle: revocationLeftOut(stolen), entries: entriesOf(stolen) },
    { name: 'revocation-left-out-and-nobody-looks', bundle: revocationLeftOut(stolen) },
    { name: 'head-by-a-stranger', bundle: encodeBundle(bundleOf(history, 'loan-1', { signer: strangeSigner })) },
  ];
}

/** Somebody changes the file that an honest ledger handed out. */
function fileLies(history: readonly LoggedEvent[]): GoldenCase[] {
  const good = bundleOf(history, 'loan-1');
  const edit = (name: string, change: (bundle: Json) => void): GoldenCase => {
    const json = JSON.parse(textOf(encodeBundle(good))) as Json;
    change(json);
    return { name, bundle: canonicalise(json, { maxDepth: 48 }) };
  };
  const last = good.streams.execution.events.length - 1;
  const text = textOf(encodeBundle(good));
  return [
    edit('last-event-left-out', (json) => eventsOf(json).pop()),
    edit('first-event-left-out', (json) => eventsOf(json).shift()),
    edit('events-swapped', (json) => eventsOf(json).reverse()),
    edit('event-twice', (json) => eventsOf(json).push(eventsOf(json)[last])),
    edit('data-changed', (json) =>
      set(json, 0, 'data', (data) => String(data).replace('"rule":"prime"', '"rule":"large"')),
    ),
    edit('opening-changed', (json) => {
      const { openings } = eventsOf(json)[0] as { openings: Record<string, { value: unknown }> };
      (openings['signal:credit_score'] as { value: unknown }).value = { value: 800 };
    }),
    edit('opening-under-another-name', (json) => {
      const event = eventsOf(json)[0] as { openings: Json };
      const { 'signal:credit_score': score, 'signal:loan_amount': amount, ...others } = event.openings;
      event.openings = { ...others, 'signal:credit_score': amount, 'signal:loan_amount': score };
    }),
    edit('salt-changed', (json) => {
      streamOf(json, 'execution')['salt'] = toBase64(new Uint8Array(16));
    }),
    edit('signature-high-s', (json) =>
      attestation(json, (old) => ({ ...old, signature: mirrored(String(old['signature'])) })),
    ),
    edit('signature-of-another-event', (json) =>
      attestation(json, (old) => ({ ...old, signature: good.streams.policy.events[0]?.attestation.signature })),
    ),
    edit('batch-path-cut', (json) => attestation(json, (old) => ({ ...old, batch: { index: 0, size: 1, path: [] } }))),
    edit('head-signed-as-an-attestation', (json) => {
      const signature = toBase64(firstSigner.sign(attestationMessage(good.origin, 1, new Uint8Array(32))));
      const stream = streamOf(json, 'execution');
      stream['head'] = { ...(stream['head'] as Json), signature };
    }),
    edit('path-shortened-to-an-inner-node', (json) => {
      set(json, 0, 'path', (path) => (path as unknown[]).slice(1));
      set(json, 0, 'index', (index) => String(BigInt(index as string) >> 1n));
    }),
    edit('path-too-long', (json) => set(json, 0, 'path', (path) => [...(path as unknown[]), (path as unknown[])[0]])),
    edit('index-of-a-neighbour', (json) => set(json, 0, 'index', (index) => String(BigInt(index as string) + 1n))),
    edit('phantom-index', (json) => set(json, last, 'index', () => String(history.length))),
    edit('index-of-63-bits', (json) => set(json, last, 'index', () => '9223372036854775807')),
    edit('one-member-more', (json) => (json['comment'] = 'looks fine')),
    edit('other-execution', (json) => (json['executionId'] = 'loan-2')),
    edit('other-origin', (json) => (json['origin'] = 'ledger.example/other')),
    edit('other-format', (json) => (json['format'] = 'writ/bundle/v2')),
    { name: 'white-space', bundle: utf8(`${text.slice(0, -1)} }`) },
    { name: 'cut-off', bundle: utf8(text.slice(0, -100)) },
    { name: 'a-name-twice', bundle: utf8(text.replace('{"checkpoint"', '{"checkpoint":"","checkpoint"')) },
    { name: 'empty', bundle: new Uint8Array(0) },
  ];
}

/** Another checkpoint than the one of this tree. */
function checkpointLies(history: readonly LoggedEvent[]): GoldenCase[] {
  const under = (name: string, checkpoint: string): GoldenCase => ({
    name,
    bundle: encodeBundle(bundleOf(history, 'loan-1', { checkpoint })),
  });
  const good = checkpointOf(history);
  const leaves = leavesOf(history);
  return [
    under('checkpoint-of-another-log', checkpointOf(history, { origin: 'ledger.example/other' })),
    under('checkpoint-without-witnesses', checkpointOf(history, { cosigned: 0 })),
    under('checkpoint-of-size-0', checkpointOf(history, { size: 0, rootHash: emptyRoot() })),
    under('checkpoint-of-a-fork', checkpointOf(history, { rootHash: rootOf([...leaves].reverse()) })),
    under('checkpoint-of-an-older-tree', checkpointOf(history, { size: 5 })),
    under('checkpoint-of-another-size', checkpointOf(history, { size: history.length + 1, rootHash: rootOf(leaves) })),
    under('checkpoint-signature-changed', withOtherSignature(good)),
    { name: 'too-old', bundle: encodeBundle(bundleOf(history, 'loan-1')), notBeforeMs: (COSIGNED_AT + 2) * 1_000 },
  ];
}

/** loan-5 was decided by 1.0.3 in the moment in which 1.1.0 was put in force: its events land behind the activation. */
function activationRace(history: readonly LoggedEvent[]): LoggedEvent[] {
  const race = history.filter(({ stream }) => stream === 'execution-acme.loan-5');
  const rest = history.filter((event) => !race.includes(event));
  const activation = rest.map(({ type }) => type).lastIndexOf('PolicyActivated');
  return [...rest.slice(0, activation + 1), ...race, ...rest.slice(activation + 1)];
}

/** The same, but the decision claims to have been made an hour after. */
function supersededLongBefore(history: readonly LoggedEvent[]): LoggedEvent[] {
  const late = Date.UTC(2026, 0, 15, 13, 30);
  const instant = (ms: number): string => new Date(ms).toISOString();
  return activationRace(history).map((event) => {
    if (event.stream !== 'execution-acme.loan-5') return event;
    const data = (old: JsonObject): JsonObject =>
      event.type === 'DecisionAdmitted'
        ? { ...old, evaluatedAt: instant(late), validUntil: instant(late + 3_600_000) }
        : { ...old, expiresAt: instant(late + 300_000) };
    return attestAnew(event, { data, recordedAtMs: late });
  });
}

function withLowScore(event: LoggedEvent): LoggedEvent {
  const name = 'signal:credit_score';
  const opening = event.openings?.[name];
  if (opening === undefined) throw new Error('the score was opened');
  const lower = { ...opening, value: { value: 600 } };
  const commitment = commit(parseBase64(lower.salt), name, lower.value);
  return attestAnew(event, {
    openings: { ...event.openings, [name]: lower },
    data: (data) => {
      const intent = data['intent'] as JsonObject;
      const signals = { ...(intent['signals'] as JsonObject), credit_score: commitment };
      return { ...data, intent: { ...intent, signals } };
    },
  });
}

function committedTwice(history: readonly LoggedEvent[], at: number): LoggedEvent[] {
  const first = history[at];
  if (first?.type !== 'ExecutionCommitted') throw new Error('loan-1 was committed there');
  const { revision } = parseEntry(utf8(first.attestation.entry));
  const again = attestAnew(first, {
    revision: revision + 1n,
    eventId: '019bc187-0e7b-7c83-8a19-000000000002',
    data: (data) => ({
      ...data,
      commitId: '019bc187-0e7b-7c83-8a19-000000000001',
      nonce: toBase64(new Uint8Array(16)),
    }),
  });
  return [...history, again];
}

/**
 * The ledger denies for want of a policy while one is in force, and shows the stream of another policy, of which none is.
 */
function deniedBesideAnotherPolicy(history: readonly LoggedEvent[]): Uint8Array {
  const { nonce: _nonce, ...published } = JSON.parse(history[1]?.data ?? '{}') as JsonObject;
  const fact = { type: 'PolicyPublished', data: { ...published, policyId: 'other' } } as unknown as Fact;
  const stream = 'policy-acme.other';
  const other = sealed(fact, { stream, revision: 0n, recordedAtMs: Date.UTC(2026, 0, 15, 12) });
  const denied = history.map((event) => {
    if (event.stream !== 'execution-acme.loan-8') return event;
    const reasons = [{ code: 'NO_POLICY_IN_FORCE', text: 'no version of the policy is in force' }];
    const without = { policy: null, rule: null, reasons, obligations: [], diagnostics: [] };
    return attestAnew(event, { data: (data) => ({ ...data, ...without }) });
  });
  const log = [denied[0] as LoggedEvent, other, ...denied.slice(1)];
  const bundle = bundleOf(log, 'loan-8');
  return encodeBundle({ ...bundle, streams: { ...bundle.streams, policy: bundleStream(log, stream) } });
}

/** The ledger signs that the stream ends before its last event. Only the entries themselves can tell otherwise. */
function leftOut(history: readonly LoggedEvent[]): Uint8Array {
  const whole = bundleOf(history, 'loan-1');
  const without = bundleOf(
    history.map((event) => (event.type === 'ExecutionCommitted' ? { ...event, stream: 'hidden' } : event)),
    'loan-1',
  );
  return encodeBundle({ ...without, checkpoint: whole.checkpoint });
}

/**
 * Who stole the first key has signed loan-6 with it and got it into the tree, before anybody noticed and revoked the key from
 * there on. Now he shows the key stream without its last event, under heads that he signs himself.
 */
function revocationLeftOut(rotated: readonly LoggedEvent[]): Uint8Array {
  const hidden = rotated.map((event) => (event.type === 'KeyRevoked' ? { ...event, stream: 'hidden' } : event));
  const { checkpoint } = bundleOf(rotated, 'loan-6');
  return encodeBundle(bundleOf(hidden, 'loan-6', { checkpoint, signer: firstSigner }));
}

function bringing(event: LoggedEvent): LoggedEvent {
  const { keyId, publicKey } = strangeSigner;
  return attestAnew(event, {
    signer: strangeSigner,
    data: (data) => ({ ...data, keyId, publicKey: toBase64(publicKey) }),
  });
}

/** Lets everybody through; the document's own digest stays what the publication says. */
function otherDocument(document: unknown): unknown {
  return typeof document === 'string'
    ? document.replaceAll('>= 700', '>= 500')
    : parseJson(utf8(JSON.stringify(document).replaceAll('>= 700', '>= 500')));
}

function entriesOf(log: readonly LoggedEvent[]): readonly Uint8Array[] {
  return log.map(({ attestation }) => utf8(attestation.entry));
}

function streamOf(bundle: Json, role: string): Json {
  return (bundle['streams'] as Record<string, Json>)[role] as Json;
}

function eventsOf(bundle: Json): unknown[] {
  return streamOf(bundle, 'execution')['events'] as unknown[];
}

function set(bundle: Json, at: number, member: string, change: (old: unknown) => unknown): void {
  const event = eventsOf(bundle)[at] as Json;
  event[member] = change(event[member]);
}

function attestation(bundle: Json, change: (old: Json) => Json): void {
  set(bundle, 0, 'attestation', (old) => change(old as Json));
}

/** The other signature (r, n - s) of the same message. */
function mirrored(signature: string): string {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const bytes = Buffer.from(signature, 'base64');
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]).toString(
    'base64',
  );
}

/** The signature of the log, with one bit changed. */
function withOtherSignature(note: string): string {
  const [text = '', lines = ''] = note.split('\n\n');
  const [own = '', ...others] = lines.split('\n');
  const at = own.lastIndexOf(' ') + 1;
  const bytes = parseBase64(own.slice(at));
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return `${text}\n\n${[own.slice(0, at) + toBase64(bytes), ...others].join('\n')}`;
}
