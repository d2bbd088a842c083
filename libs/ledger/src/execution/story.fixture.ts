import { formatDigest, sha256, utf8 } from '@writ/encoding';
import type { DecisionId, Digest, EventId, ExecutionId, PolicyId, Tenant } from '@writ/encoding';

import type { Approve, Command, Commit, Evaluate, Ruling, Verdict } from '../commands.js';
import type { Actor, ExecutionEvent, Outcome, Terms } from '../events.js';
import { prepare } from '../seal.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { momentOf } from './present.js';
import { NO_EXECUTION, type ExecutionState, type ExistingExecution } from './state.js';

/** For specs: plays commands against one execution as operations do, on a clock that the story sets. */
export class Story {
  state: ExecutionState = NO_EXECUTION;
  readonly events: ExecutionEvent[] = [];
  /** Wall clock of the node that decides. */
  wallMs = START_MS;
  readonly maxSkewMs = 1_000;

  /** Decides, appends and folds. */
  tell(command: Command): Ruling {
    const moment = momentOf(this.state, this.wallMs, this.maxSkewMs);
    const ruling = decide(this.state, command, moment);
    for (const fact of ruling.append) {
      const revision = BigInt(this.events.length);
      const { event } = prepare(fact, {
        stream: 'execution-acme.order-1',
        streamRef: digestFor('stream'),
        revision,
        eventId: uuidFor(this.events.length) as EventId,
        nonce: new Uint8Array(16),
        recordedAtMs: moment.nowMs,
      });
      this.state = evolve(this.state, event);
      this.events.push(event);
    }
    return ruling;
  }

  /** What was answered, in one word: a kind (`done again` for a replay), or the code of a refusal. */
  ask(command: Command): string {
    const { answer } = this.tell(command);
    if (answer.kind === 'refused') return answer.code;
    return answer.kind === 'done' && answer.replayed ? 'done again' : answer.kind;
  }

  later(ms: number): this {
    this.wallMs += ms;
    return this;
  }

  get types(): string[] {
    return this.events.map((event) => event.type);
  }

  get execution(): ExistingExecution {
    if (this.state.status === 'none') throw new Error('the story has not begun');
    return this.state;
  }
}

/** 2026-01-01. */
export const START_MS = 1_767_225_600_000;

export const USER: Actor = { id: 'service-a', role: 'caller' };
export const OPERATOR: Actor = { id: 'operator-1', role: 'operator' };

const execution = {
  tenant: 'acme' as Tenant,
  executionId: 'order-1' as ExecutionId,
  actor: USER,
};

/** A digest that stands for something. */
export function digestFor(something: string): Digest {
  return formatDigest(sha256(utf8(something)));
}

/** The n-th UUIDv7. */
export function uuidFor(n: number): string {
  return `019b0000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

export function termsOf(more: Partial<Terms['reservation']> & { maxEvaluations?: number } = {}): Terms {
  const { maxEvaluations = 3, ...reservation } = more;
  return {
    maxEvaluations,
    reservation: { ttlMs: 10_000, maxTtlMs: 30_000, effect: 'once', maxAttempts: 3, ...reservation },
  };
}

/** A verdict at `evaluatedAtMs`, valid for an hour. */
export function verdictOf(outcome: Verdict['outcome'], more: Partial<Verdict> = {}): Verdict {
  const evaluatedAtMs = more.evaluatedAtMs ?? START_MS;
  return {
    outcome,
    policy: {
      policyId: 'loan-approval' as PolicyId,
      version: '1.0.3',
      digest: digestFor('policy'),
      activation: { eventId: uuidFor(9) as EventId, revision: '1' },
    },
    evaluatedAtMs,
    runtime: { version: 'writ/0.1.0', buildDigest: digestFor('build') },
    rule: outcome === 'denied' ? null : 'prime',
    reasons: [{ code: 'RULE', text: 'prime borrower within limit', rule: 'prime' }],
    obligations: [],
    diagnostics: [],
    terms: termsOf(),
    validUntilMs: evaluatedAtMs + 3_600_000,
    ...(outcome === 'escalated'
      ? { approval: { quorum: 2, roles: ['credit-officer'], ttlMs: 60_000, separationOfDuties: true } }
      : {}),
    ...more,
  };
}

export function holderFor(name: string): Digest {
  return digestFor(`holder ${name}`);
}

/** `holder: null` for `reserve: false`. */
export function evaluate(
  holder: string | null,
  more: Partial<Evaluate> & { intent?: never; parameters?: string; n?: number } = {},
): Evaluate {
  const { parameters = 'admitted', n = 0, ...rest } = more;
  const claim = {
    action: 'loan.disburse',
    policyId: 'loan-approval' as PolicyId,
    subject: digestFor('subject'),
    parameters: digestFor(parameters),
  };
  return {
    type: 'Evaluate',
    ...execution,
    decisionId: uuidFor(1_000 + n) as DecisionId,
    claim,
    intent: { ...claim, signals: { credit_score: digestFor('signal') } },
    verdict: verdictOf('admitted'),
    reserve: holder === null ? null : { holderHash: holderFor(holder) },
    ...rest,
  };
}

export function reserve(holder: string, ttlMs?: number): Command {
  return {
    type: 'Reserve',
    ...execution,
    holderHash: holderFor(holder),
    ...(ttlMs === undefined ? {} : { ttlMs }),
  };
}

export function renew(holder: string, attempt: number, ttlMs?: number): Command {
  const wish = ttlMs === undefined ? {} : { ttlMs };
  return { type: 'Renew', ...execution, holderHash: holderFor(holder), attempt, ...wish };
}

export function release(holder: string, attempt: number): Command {
  return { type: 'Release', ...execution, holderHash: holderFor(holder), attempt, reason: 'not needed' };
}

/** `n` tells commits of one holder apart; `body` two reports under one commit id. */
export function commitAs(
  holder: string,
  attempt: number,
  outcome: Outcome,
  more: { n?: number; body?: string; parameters?: string } = {},
): Commit {
  const { n = 0, body = outcome, parameters = 'admitted' } = more;
  return {
    type: 'Commit',
    ...execution,
    holderHash: holderFor(holder),
    attempt,
    commitId: uuidFor(2_000 + n) as EventId,
    outcome,
    bodyDigest: digestFor(`body ${body}`),
    result: null,
    parameters: digestFor(parameters),
  };
}

export function reconcile(attempt: number, outcome: 'succeeded' | 'failed'): Command {
  return { type: 'Reconcile', ...execution, actor: OPERATOR, attempt, outcome, reason: 'looked at the bank' };
}

/** The verdict of a person on the decision that stands. */
export function judge(
  type: 'Approve' | 'Reject',
  person: string,
  state: ExistingExecution,
  more: Partial<Approve> = {},
): Command {
  const { decisionId, dataDigest: decisionDigest } = state.decision;
  const actor: Actor = { id: person, role: 'caller' };
  const approverRoles = ['credit-officer'];
  return { ...execution, actor, decisionId, decisionDigest, approverRoles, reason: 'seen', ...more, type };
}

export function sweep(): Command {
  return { type: 'Sweep', ...execution, actor: { id: 'sweeper', role: 'system' } };
}
