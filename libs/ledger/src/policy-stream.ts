import type { Digest, EventId, KeyId, PolicyId, Tenant } from '@writ/encoding';
import type { CodeOfKind } from '@writ/errors';

import { requireThat } from './cannot-follow.js';
import type { Actor, Fact, LedgerEvent } from './events.js';

export type PolicyEventType = 'PolicyPublished' | 'PolicyActivated' | 'PolicyRetired';
export type PolicyEvent = LedgerEvent<PolicyEventType>;

/** One policy of one tenant, folded from its stream. */
export interface PolicyStreamState {
  readonly lastRevision: bigint;
  readonly lastRecordedAtMs: number;
  /** In the order of publication. */
  readonly versions: readonly PublishedVersion[];
  /** Activation n is at place n - 1. */
  readonly activations: readonly Activation[];
  /** `null` before the first activation, and after the version in force was retired: then every intent is denied. */
  readonly inForce: Activation | null;
}

export interface PublishedVersion {
  readonly version: string;
  readonly digest: Digest;
  readonly eventId: EventId;
  readonly revision: bigint;
  readonly publishedAtMs: number;
  readonly publishedBy: Actor;
  readonly document: Readonly<Record<string, unknown>>;
  readonly signature: string;
  readonly keyId: KeyId;
  /** Revision of the event that retired it; `null` while it may be activated. */
  readonly retiredRevision: bigint | null;
}

export interface Activation {
  readonly activation: number;
  readonly version: string;
  readonly digest: Digest;
  readonly eventId: EventId;
  readonly revision: bigint;
  readonly activatedAtMs: number;
}

export const NO_POLICY: PolicyStreamState = {
  lastRevision: -1n,
  lastRecordedAtMs: 0,
  versions: [],
  activations: [],
  inForce: null,
};

interface PolicyCommand {
  readonly tenant: Tenant;
  readonly actor: Actor;
  readonly policyId: PolicyId;
  readonly version: string;
}
export interface PublishPolicy extends PolicyCommand {
  readonly digest: Digest;
  readonly document: Readonly<Record<string, unknown>>;
  readonly signature: string;
  readonly keyId: KeyId;
}
export interface ChangePolicy extends PolicyCommand {
  readonly reason: string;
}

export interface PolicyRuling {
  readonly append: readonly Fact<PolicyEventType>[];
  readonly answer: PolicyRulingAnswer;
}
export type PolicyRulingAnswer =
  /** `revision` names the event that did it: the one just appended, or with `replayed` an earlier one. */
  | { readonly kind: 'done'; readonly revision: bigint; readonly replayed: boolean }
  | {
      readonly kind: 'refused';
      readonly code: CodeOfKind<'Rejected'> | CodeOfKind<'Conflict'>;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };

/** A version never changes: the same digest again is a replay, another one a conflict. */
export function decidePublish(state: PolicyStreamState, command: PublishPolicy): PolicyRuling {
  const { tenant, actor, policyId, version, digest, document, signature, keyId } = command;
  const published = state.versions.find((former) => former.version === version);
  if (published === undefined) {
    const data = { tenant, actor, policyId, version, digest, document, signature, keyId };
    return done(state, { type: 'PolicyPublished', data });
  }
  if (published.digest === digest) return replayed(published.revision);
  const details = { version, digest: published.digest };
  return refused('POLICY_VERSION_EXISTS', 'that version is published with another digest', details);
}

/** Going back to an older version than the last one activated needs a reason. */
export function decideActivate(state: PolicyStreamState, command: ChangePolicy): PolicyRuling {
  const { tenant, actor, policyId, version, reason } = command;
  const published = state.versions.find((candidate) => candidate.version === version);
  if (published === undefined || published.retiredRevision !== null) return versionUnknown(state, version);
  if (state.inForce?.version === version) return replayed(state.inForce.revision);
  const last = state.activations[state.activations.length - 1];
  if (last !== undefined && reason.trim() === '' && compareVersions(version, last.version) < 0) {
    const details = { version, last: last.version };
    return refused('POLICY_ACTIVATION_INVALID', 'going back to an older version needs a reason', details);
  }
  const { digest } = published;
  const supersedes = state.inForce?.version ?? null;
  const activation = state.activations.length + 1;
  const data = { tenant, actor, policyId, version, digest, activation, supersedes, reason };
  return done(state, { type: 'PolicyActivated', data });
}

/** A retired version is never activated again; retiring the one in force leaves none. */
export function decideRetire(state: PolicyStreamState, command: ChangePolicy): PolicyRuling {
  const { tenant, actor, policyId, version, reason } = command;
  const published = state.versions.find((candidate) => candidate.version === version);
  if (published === undefined) return versionUnknown(state, version);
  if (published.retiredRevision !== null) return replayed(published.retiredRevision);
  const data = { tenant, actor, policyId, version, digest: published.digest, reason };
  return done(state, { type: 'PolicyRetired', data });
}

/** Throws IntegrityError EVENT_INVALID on an event that cannot follow. */
export function evolvePolicy(state: PolicyStreamState, event: PolicyEvent): PolicyStreamState {
  requireThat(event.revision === state.lastRevision + 1n, event, 'revisions have no gap');
  requireThat(event.recordedAtMs >= state.lastRecordedAtMs, event, 'time does not go back within a stream');
  const next = { ...state, lastRevision: event.revision, lastRecordedAtMs: event.recordedAtMs };
  const { version, digest } = event.data;
  const published = state.versions.find((candidate) => candidate.version === version);
  if (event.type === 'PolicyPublished') {
    requireThat(published === undefined, event, 'the version is published');
    return { ...next, versions: [...state.versions, versionOf(event)] };
  }
  requireThat(published?.digest === digest && published.retiredRevision === null, event, 'there is no such version');
  if (event.type === 'PolicyRetired') {
    const retired = { ...published, retiredRevision: event.revision };
    const versions = state.versions.map((one) => (one === published ? retired : one));
    return { ...next, versions, inForce: state.inForce?.version === version ? null : state.inForce };
  }
  const { activation, supersedes } = event.data;
  requireThat(activation === state.activations.length + 1, event, 'activations count up by one');
  requireThat(supersedes === (state.inForce?.version ?? null), event, 'it supersedes another version');
  const { eventId, revision, recordedAtMs: activatedAtMs } = event;
  const inForce: Activation = { activation, version, digest, eventId, revision, activatedAtMs };
  return { ...next, activations: [...state.activations, inForce], inForce };
}

/** Semantic Versioning 2.0.0, section 11; build metadata does not count. */
export function compareVersions(a: string, b: string): number {
  const [coreA, preA] = precedence(a);
  const [coreB, preB] = precedence(b);
  const core = compareLists(coreA, coreB);
  if (core !== 0) return core;
  if (preA.length === 0 || preB.length === 0) return preB.length - preA.length;
  return compareLists(preA, preB);
}

function precedence(version: string): [string[], string[]] {
  const [withoutBuild = ''] = version.split('+');
  const hyphen = withoutBuild.indexOf('-');
  if (hyphen < 0) return [withoutBuild.split('.'), []];
  return [withoutBuild.slice(0, hyphen).split('.'), withoutBuild.slice(hyphen + 1).split('.')];
}

/** Numbers by value and below names, names by code unit, a longer list above its own beginning. */
function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined) return 1;
    if (left === right) continue;
    const [numberA, numberB] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (numberA !== numberB) return numberA ? -1 : 1;
    // Without leading zeros, a longer number is a greater one: no precision is lost.
    if (numberA && left.length !== right.length) return left.length - right.length;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

function versionOf(event: LedgerEvent<'PolicyPublished'>): PublishedVersion {
  const { version, digest, actor, document, signature, keyId } = event.data;
  const { eventId, revision, recordedAtMs } = event;
  return {
    version,
    digest,
    eventId,
    revision,
    publishedAtMs: recordedAtMs,
    publishedBy: actor,
    document,
    signature,
    keyId,
    retiredRevision: null,
  };
}

function versionUnknown(state: PolicyStreamState, version: string): PolicyRuling {
  if (state.versions.length === 0) return refused('POLICY_UNKNOWN', 'the policy has no version', {});
  return refused('POLICY_VERSION_UNKNOWN', `version \`${version}\` is not published, or is retired`, { version });
}

function done(state: PolicyStreamState, fact: Fact<PolicyEventType>): PolicyRuling {
  return { append: [fact], answer: { kind: 'done', revision: state.lastRevision + 1n, replayed: false } };
}

function replayed(revision: bigint): PolicyRuling {
  return { append: [], answer: { kind: 'done', revision, replayed: true } };
}

function refused(
  code: CodeOfKind<'Rejected'> | CodeOfKind<'Conflict'>,
  message: string,
  details: Readonly<Record<string, unknown>>,
): PolicyRuling {
  return { append: [], answer: { kind: 'refused', code, message, details } };
}
