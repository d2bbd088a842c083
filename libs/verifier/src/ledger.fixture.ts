import {
  canonicalText,
  formatInstant,
  parseBase64,
  parseDecisionId,
  parseEventId,
  parseExecutionId,
  parseTenant,
  sha256,
  textOf,
  toBase64,
  uint64be,
  utf8,
  type Commitment,
  type DecisionId,
  type EventId,
  type ExecutionId,
  type JsonValue,
  type KeyId,
  type PolicyId,
} from '@writ/encoding';
import { publicationMessage, streamHeadMessage, type Bundle, type BundleStream } from '@writ/evidence';
import {
  commit,
  commitBodyDigest,
  decide,
  evolveAll,
  executionStream,
  holderHashOf,
  isSaltedStream,
  keysStream,
  momentOf,
  NO_EXECUTION,
  policyStream,
  prepareAll,
  streamRefOf,
  type Actor,
  type Attestation,
  type Command,
  type CommitmentName,
  type CommittedIntent,
  type ExecutionEvent,
  type ExecutionState,
  type Fact,
  type KeyPurpose,
  type Opening,
  type Openings,
  type Outcome,
  type PolicyReference,
  type PreparedEvent,
  type Verdict,
} from '@writ/ledger';
import { inclusionPath, rootOf, type Hash } from '@writ/merkle';
import { compilePolicy, parsePolicy, type CompiledPolicy, type SignalInput } from '@writ/policy';

import { FixtureKey, FixtureNoteKey, signedCheckpoint } from './fixture-keys.fixture.js';
import type { TrustFile } from './trust-file.js';

export const ORIGIN = 'ledger.example/loans';
export const TENANT = parseTenant('acme');
/** 2026-01-01. */
export const START_MS = 1_767_225_600_000;

const OPERATOR: Actor = { id: 'operator-1', role: 'operator' };
const CALLER: Actor = { id: 'service-a', role: 'caller' };

/** A policy with an outcome of each kind, a dated signal and a bound one. */
export const LOAN_POLICY = `
id: loan-approval
version: 1.0.0
action: loan.disburse
signals:
  credit_score: { type: int, min: 300, max: 850 }
  loan_amount: { type: int, min: 1, max: 1000000, bind: parameters.amount }
  bureau: { type: enum, values: [experian, equifax], maxAge: 24h }
rules:
  - { id: prime, when: 'signals.credit_score >= 700 && signals.loan_amount <= 20000', then: admit, reason: prime borrower, obligations: [{ id: notify-branch, channel: email }] }
  - { id: large, when: 'signals.loan_amount > 20000', then: escalate, reason: large exposure, approval: { quorum: 1, roles: [credit-officer], ttl: 24h, separationOfDuties: true } }
  - { id: otherwise, when: 'true', then: deny, reason: low score }
admission: { ttl: 1h, maxEvaluations: 3 }
reservation: { ttl: 300s, maxTtl: 1h, effect: idempotent, maxAttempts: 3 }
`;

/** One event as the fixture's store and tree hold it. */
export interface FixtureEvent {
  readonly stream: string;
  readonly prepared: PreparedEvent;
  readonly attestation: Attestation;
  readonly openings: Openings | undefined;
}

export interface IntentWish {
  readonly executionId?: string;
  readonly subject?: string;
  readonly creditScore?: number;
  readonly amount?: number;
  readonly reserve?: boolean;
  readonly reevaluate?: DecisionId;
  /** Lies that are then signed and anchored like the truth. */
  readonly doctor?: (verdict: Verdict) => Verdict;
  /** Decides under what was in force before the last `staleBy` activations. */
  readonly staleBy?: number;
}

/** How events come into the tree; what an honest ledger never does is possible. */
export interface AppendOptions {
  readonly openings?: (fact: Fact) => Openings | undefined;
  readonly key?: FixtureKey;
  /** Revision of the first event; by default the next one. */
  readonly firstRevision?: bigint;
  readonly recordedAtMs?: number;
}

/**
 * For specs: a whole ledger in memory that decides, signs and anchors as the real one does, always the same bytes. What
 * it is made to lie about is as well signed and anchored as the truth: only the verifier tells them apart.
 */
export class FixtureLedger {
  readonly origin: string;
  readonly events: FixtureEvent[] = [];
  readonly logKey: FixtureNoteKey;
  readonly rootKey = new FixtureKey(0x01);
  key = this.rootKey;
  nowMs = START_MS;
  #drawn = 0;

  constructor(origin: string = ORIGIN, logByte = 0x21) {
    this.origin = origin;
    this.logKey = new FixtureNoteKey(origin, logByte);
    const data = { actor: OPERATOR, ...this.#keyFact(this.key) };
    this.append(keysStream(origin), [{ type: 'KeyAdded', data }]);
  }

  // --- what happens ---------------------------------------------------------------------------

  append(stream: string, facts: readonly Fact[], options: AppendOptions = {}): readonly FixtureEvent[] {
    const { openings, key = this.key, recordedAtMs = this.nowMs } = options;
    const firstRevision = options.firstRevision ?? BigInt(this.eventsOf(stream).length);
    const salt = this.saltOf(stream);
    const prepared = prepareAll(facts, {
      stream,
      ...(salt === undefined ? {} : { streamSalt: salt }),
      firstRevision,
      recordedAtMs,
      identify: () => ({ eventId: this.#uuid() as EventId, nonce: this.#bytes16() }),
    });
    const attestations = key.attest(
      this.origin,
      prepared.map(({ entryText }) => entryText),
    );
    const appended = prepared.map((event, at): FixtureEvent => {
      const fact = facts[at];
      const attestation = attestations[at];
      if (fact === undefined || attestation === undefined) throw new Error('one of each per fact');
      return { stream, prepared: event, attestation, openings: openings?.(fact) };
    });
    this.events.push(...appended);
    return appended;
  }

  /** `signer`: whose key signs the publication itself. */
  publish(yaml: string = LOAN_POLICY, signer: FixtureKey = this.key): void {
    const { document, digest } = parsePolicy(yaml, 'yaml');
    if (document === undefined || digest === undefined) throw new Error('the policy of a fixture is in order');
    const { id, version, source } = document;
    const policyId = id as PolicyId;
    const { keyId } = this.key;
    const signature = signer.sign(
      publicationMessage({ origin: this.origin, tenant: TENANT, policyId, version, digest }),
    );
    const data = { tenant: TENANT, actor: OPERATOR, policyId, version, digest, document: source, signature, keyId };
    this.append(policyStream(TENANT, policyId), [{ type: 'PolicyPublished', data }]);
  }

  activate(version = '1.0.0', policyId: PolicyId = 'loan-approval' as PolicyId): void {
    const former = this.#activations(policyId);
    const data = {
      tenant: TENANT,
      actor: OPERATOR,
      policyId,
      version,
      digest: this.#compiled(policyId, version).digest,
      activation: former.length + 1,
      supersedes: this.#versionInForce(policyId),
      reason: 'as agreed',
    };
    this.append(policyStream(TENANT, policyId), [{ type: 'PolicyActivated', data }]);
  }

  retire(version = '1.0.0', policyId: PolicyId = 'loan-approval' as PolicyId): void {
    const { digest } = this.#compiled(policyId, version);
    const data = { tenant: TENANT, actor: OPERATOR, policyId, version, digest, reason: 'as agreed' };
    this.append(policyStream(TENANT, policyId), [{ type: 'PolicyRetired', data }]);
  }

  rotate(next: FixtureKey, by: FixtureKey = this.key): void {
    const data = { actor: OPERATOR, ...this.#keyFact(next), replaces: this.key.keyId };
    this.append(keysStream(this.origin), [{ type: 'KeyRotated', data }], { key: by });
    this.key = next;
  }

  revoke(key: FixtureKey, cutOffIndex: number, by: FixtureKey = this.key): void {
    const data = { actor: OPERATOR, ...this.#keyFact(key), cutOffIndex: String(cutOffIndex), reason: 'stolen' };
    this.append(keysStream(this.origin), [{ type: 'KeyRevoked', data }], { key: by });
  }

  /** Asks the policy in force and records what it says, or what `doctor` makes of it. */
  evaluate(wish: IntentWish = {}, options: AppendOptions = {}): readonly FixtureEvent[] {
    const { executionId = 'order-1', subject = 'customer-1', creditScore = 720, amount = 15_000 } = wish;
    const parameters = { applicationId: executionId, amount };
    const signals: Readonly<Record<string, SignalInput>> = {
      credit_score: { value: creditScore },
      loan_amount: { value: amount, source: 'application' },
      bureau: { value: 'experian', observedAtMs: this.nowMs - 3_600_000 },
    };
    const { intent, openings } = this.#sealed(subject, parameters, signals);
    const state = this.stateOf(executionId);
    const policyId = 'loan-approval' as PolicyId;
    const reference = this.#referenceInForce(policyId, wish.staleBy ?? 0);
    const input = { action: intent.action, subject, parameters, signals, executionId, evaluatedAtMs: this.nowMs };
    const honest = verdictOf(
      reference === undefined ? undefined : { reference, compiled: this.#compiled(policyId, reference.version) },
      input,
    );
    const claim = state.status === 'none' ? intent : state.first;
    return this.#rule(
      executionId,
      {
        type: 'Evaluate',
        tenant: TENANT,
        executionId: executionId as ExecutionId,
        actor: CALLER,
        decisionId: parseDecisionId(this.#uuid()),
        claim,
        intent,
        verdict: wish.doctor === undefined ? honest : wish.doctor(honest),
        reserve: wish.reserve === false ? null : { holderHash: holderHashOf(this.#bytes16()) },
        ...(wish.reevaluate === undefined ? {} : { reevaluate: wish.reevaluate }),
      },
      { ...options, openings: (fact) => (fact.type.startsWith('Decision') ? openings : undefined) },
    );
  }

  approve(executionId = 'order-1', person = 'officer-1'): readonly FixtureEvent[] {
    const state = this.#existing(executionId);
    const { decisionId, dataDigest: decisionDigest } = state.decision;
    return this.#rule(executionId, {
      type: 'Approve',
      tenant: TENANT,
      executionId: executionId as ExecutionId,
      actor: { id: person, role: 'caller' },
      decisionId,
      decisionDigest,
      approverRoles: ['credit-officer'],
      reason: 'seen',
    });
  }

  reserve(executionId = 'order-1'): readonly FixtureEvent[] {
    const holderHash = holderHashOf(this.#bytes16());
    const name = { tenant: TENANT, executionId: parseExecutionId(executionId), actor: CALLER };
    return this.#rule(executionId, { type: 'Reserve', ...name, holderHash });
  }

  /** The holder's report of the last attempt. */
  commit(outcome: Outcome = 'succeeded', executionId = 'order-1', result: JsonValue = { paid: 15_000 }) {
    const { fact, openings } = this.reportFact(outcome, executionId, result);
    const { commitId, bodyDigest, holderHash, attempt } = fact.data;
    return this.#rule(
      executionId,
      {
        type: 'Commit',
        tenant: TENANT,
        executionId: parseExecutionId(executionId),
        actor: CALLER,
        attempt,
        holderHash,
        commitId,
        outcome,
        bodyDigest,
        result: fact.data.result,
        parameters: this.#existing(executionId).decision.parameters,
      },
      { openings: () => openings },
    );
  }

  /** The report as it would be recorded, for ledgers that do not ask whether it may be. */
  reportFact(
    outcome: Outcome,
    executionId = 'order-1',
    result: JsonValue = { paid: 15_000 },
  ): { readonly fact: Fact<'ExecutionCommitted'>; readonly openings: Openings } {
    const state = this.#existing(executionId);
    const attempt = state.attempts.at(-1);
    if (attempt === undefined) throw new Error('nothing was reserved');
    const salt = this.#bytes16();
    const parametersSalt = this.#saltOfParameters(executionId, attempt.decision.revision);
    const { parameters, decisionId } = attempt.decision;
    const data = {
      tenant: TENANT,
      executionId: parseExecutionId(executionId),
      actor: CALLER,
      decisionId,
      attempt: attempt.attempt,
      holderHash: attempt.holderHash,
      commitId: parseEventId(this.#uuid()),
      bodyDigest: commitBodyDigest(parametersSalt, { outcome, parameters, result }),
      result: commit(salt, 'result', result),
      late: false,
    };
    return {
      fact: { type: 'ExecutionCommitted', data },
      openings: { result: { salt: toBase64(salt), value: result } },
    };
  }

  later(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  /** Other executions, so that the tree has more leaves than one bundle shows. */
  crowd(count: number): this {
    for (let at = 0; at < count; at += 1) this.evaluate({ executionId: `crowd-${String(this.#drawn)}` });
    return this;
  }

  // --- what is told of it ---------------------------------------------------------------------

  get leafHashes(): readonly Hash[] {
    return this.events.map(({ prepared }) => prepared.leafHash);
  }

  get entries(): readonly Uint8Array[] {
    return this.events.map(({ prepared }) => prepared.entry);
  }

  checkpoint(sizeLeaves: number = this.events.length, witnesses: Parameters<typeof signedCheckpoint>[2] = []): string {
    const rootHash = rootOf(this.leafHashes.slice(0, sizeLeaves));
    return signedCheckpoint({ origin: this.origin, sizeLeaves: BigInt(sizeLeaves), rootHash }, this.logKey, witnesses);
  }

  /** Everything about an execution, as of the first `sizeLeaves` leaves. */
  bundleOf(
    executionId = 'order-1',
    sizeLeaves: number = this.events.length,
    witnesses: Parameters<typeof signedCheckpoint>[2] = [],
  ): Bundle {
    return {
      origin: this.origin,
      tenant: TENANT,
      executionId: parseExecutionId(executionId),
      checkpoint: this.checkpoint(sizeLeaves, witnesses),
      streams: {
        execution: this.streamOf(executionStream(TENANT, parseExecutionId(executionId)), sizeLeaves),
        policy: this.streamOf(policyStream(TENANT, 'loan-approval' as PolicyId), sizeLeaves),
        keys: this.streamOf(keysStream(this.origin), sizeLeaves),
      },
    };
  }

  streamOf(stream: string, sizeLeaves: number = this.events.length): BundleStream {
    const salt = this.saltOf(stream);
    const leaves = this.leafHashes.slice(0, sizeLeaves);
    const events = this.events
      .slice(0, sizeLeaves)
      .flatMap(({ stream: own, prepared, attestation, openings }, index) =>
        own !== stream
          ? []
          : [
              {
                type: prepared.type,
                typeVersion: prepared.typeVersion,
                data: textOf(prepared.data),
                ...(openings === undefined ? {} : { openings }),
                attestation,
                index: BigInt(index),
                path: inclusionPath(leaves, index),
              },
            ],
      );
    return {
      stream,
      ...(salt === undefined ? {} : { salt }),
      head: this.headOf(stream, events.length - 1, sizeLeaves),
      events,
    };
  }

  headOf(stream: string, lastRevision: number, sizeLeaves: number, key: FixtureKey = this.key): BundleStream['head'] {
    const end = {
      streamRef: streamRefOf(stream, this.saltOf(stream)),
      lastRevision: BigInt(lastRevision),
      treeSize: BigInt(sizeLeaves),
    };
    return { ...end, keyId: key.keyId, signature: key.sign(streamHeadMessage(this.origin, end)) };
  }

  trust(more: Partial<TrustFile> = {}): TrustFile {
    return {
      origin: this.origin,
      policy: { logs: [{ key: this.logKey.key }], witnesses: [], quorum: { kind: 'none' } },
      keys: [{ keyId: this.rootKey.keyId, publicKey: this.rootKey.publicKey }],
      ...more,
    };
  }

  eventsOf(stream: string): readonly FixtureEvent[] {
    return this.events.filter((event) => event.stream === stream);
  }

  stateOf(executionId: string): ExecutionState {
    const events = this.eventsOf(executionStream(TENANT, parseExecutionId(executionId)));
    return evolveAll(
      NO_EXECUTION,
      events.map(({ prepared }) => prepared.event as ExecutionEvent),
    );
  }

  /** The same for the same name, so that it need not be kept. */
  saltOf(stream: string): Uint8Array | undefined {
    return isSaltedStream(stream) ? sha256(utf8(`salt ${stream}`)).slice(0, 16) : undefined;
  }

  // --- how it is done -------------------------------------------------------------------------

  #rule(executionId: string, command: Command, options: AppendOptions = {}): readonly FixtureEvent[] {
    const state = this.stateOf(executionId);
    const { append, answer } = decide(state, command, momentOf(state, this.nowMs, 1_000));
    if (append.length === 0) throw new Error(`nothing follows: ${canonicalText({ ...answer, details: null })}`);
    return this.append(executionStream(TENANT, parseExecutionId(executionId)), append, options);
  }

  #existing(executionId: string) {
    const state = this.stateOf(executionId);
    if (state.status === 'none') throw new Error('there is no such execution');
    return state;
  }

  #sealed(
    subject: string,
    parameters: JsonValue,
    signals: Readonly<Record<string, SignalInput>>,
  ): { readonly intent: CommittedIntent; readonly openings: Openings } {
    const openings: Record<string, Opening> = {};
    const seal = (name: CommitmentName, value: JsonValue): Commitment => {
      const salt = this.#bytes16();
      openings[name] = { salt: toBase64(salt), value };
      return commit(salt, name, value);
    };
    const named = Object.entries(signals).map(([name, { value, observedAtMs, source }]) => {
      const committed = {
        value,
        ...(observedAtMs === undefined ? {} : { observedAt: formatInstant(observedAtMs) }),
        ...(source === undefined ? {} : { source }),
      };
      return [name, seal(`signal:${name}`, committed)] as const;
    });
    const intent = {
      action: 'loan.disburse',
      policyId: 'loan-approval' as PolicyId,
      subject: seal('subject', subject),
      parameters: seal('parameters', parameters),
      signals: Object.fromEntries(named),
    };
    return { intent, openings };
  }

  #saltOfParameters(executionId: string, revision: bigint): Uint8Array {
    const events = this.eventsOf(executionStream(TENANT, parseExecutionId(executionId)));
    const salt = events[Number(revision)]?.openings?.['parameters']?.salt ?? '';
    return parseBase64(salt, 16);
  }

  #policyEvents(policyId: PolicyId) {
    return this.eventsOf(policyStream(TENANT, policyId)).map(({ prepared }) => prepared.event);
  }

  #activations(policyId: PolicyId) {
    return this.#policyEvents(policyId).flatMap((event) => (event.type === 'PolicyActivated' ? [event] : []));
  }

  #versionInForce(policyId: PolicyId): string | null {
    let version: string | null = null;
    for (const event of this.#policyEvents(policyId)) {
      if (event.type === 'PolicyActivated') version = event.data.version;
      if (event.type === 'PolicyRetired' && event.data.version === version) version = null;
    }
    return version;
  }

  #referenceInForce(policyId: PolicyId, staleBy: number): PolicyReference | undefined {
    if (this.#versionInForce(policyId) === null && staleBy === 0) return undefined;
    const activations = this.#activations(policyId);
    const used = activations.at(-1 - staleBy);
    if (used === undefined) return undefined;
    const { version, digest } = used.data;
    return { policyId, version, digest, activation: { eventId: used.eventId, revision: String(used.revision) } };
  }

  #compiled(policyId: PolicyId, version: string): CompiledPolicy {
    for (const event of this.#policyEvents(policyId)) {
      if (event.type !== 'PolicyPublished' || event.data.version !== version) continue;
      const { document } = parsePolicy(canonicalText(event.data.document), 'json');
      if (document !== undefined) return compilePolicy(document);
    }
    throw new Error('no such version');
  }

  #keyFact(key: FixtureKey): { origin: string; keyId: KeyId; purpose: KeyPurpose; publicKey: string } {
    const { keyId, publicKey } = key;
    return { origin: this.origin, keyId, purpose: 'attestation', publicKey: toBase64(publicKey) };
  }

  #bytes16(): Uint8Array {
    this.#drawn += 1;
    return sha256(utf8('drawn '), uint64be(BigInt(this.#drawn))).slice(0, 16);
  }

  #uuid(): string {
    this.#drawn += 1;
    return `019b76da-a800-7000-8000-${this.#drawn.toString(16).padStart(12, '0')}`;
  }
}

interface InForce {
  readonly reference: PolicyReference;
  readonly compiled: CompiledPolicy;
}

/** As the operation does it. */
function verdictOf(inForce: InForce | undefined, input: Parameters<CompiledPolicy['evaluate']>[0]): Verdict {
  const { evaluatedAtMs } = input;
  const digest = 'sha256:44575cf5b28512d75644bf54a517dcef304ff809fd511747621b4d64f19aac66';
  const runtime = { version: 'writ/0.1.0', buildDigest: digest as Verdict['runtime']['buildDigest'] };
  if (inForce === undefined) {
    return {
      outcome: 'denied',
      policy: null,
      evaluatedAtMs,
      runtime,
      rule: null,
      reasons: [{ code: 'NO_POLICY_IN_FORCE', text: 'no version of the policy is in force' }],
      obligations: [],
      diagnostics: [],
      terms: { maxEvaluations: 10, reservation: { ttlMs: 1, maxTtlMs: 1, effect: 'once', maxAttempts: 1 } },
      validUntilMs: evaluatedAtMs,
    };
  }
  const { reference, compiled } = inForce;
  const { outcome, rule, reasons, obligations, diagnostics, validUntilMs, approval } = compiled.evaluate(input);
  const { admission, reservation } = compiled.document;
  return {
    outcome,
    policy: reference,
    evaluatedAtMs,
    runtime,
    rule,
    reasons,
    obligations,
    diagnostics: diagnostics.map((diagnostic) => ({ ...diagnostic })),
    terms: { maxEvaluations: admission.maxEvaluations, reservation },
    validUntilMs,
    ...(approval === undefined ? {} : { approval }),
  };
}
