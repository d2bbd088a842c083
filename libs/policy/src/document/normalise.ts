import { parseDuration, parseInstant, type JsonObject } from '@writ/encoding';
import type {
  AdmissionTerms,
  ApprovalTerms,
  ParameterPath,
  PolicyDocument,
  PolicyRule,
  PolicyTest,
  ReservationTerms,
  ScalarShape,
  SignalDeclaration,
  SignalShape,
} from './policy-document.js';
import type { SourceDocument, SourceRule, SourceScalar, SourceSignal, SourceTest } from './document-schema.js';

/** What holds where a document is silent. `docs/spec/policy.md` lists the same values. */
export const DEFAULTS = {
  admission: { ttl: '1h', maxEvaluations: 3 },
  reservation: { ttl: '300s', maxTtl: '1h', effect: 'once', maxAttempts: 3 },
  approval: { quorum: 1, ttl: '24h', separationOfDuties: true },
  stringMaxLength: 256,
  test: { subject: 'test-subject', evaluatedAt: '2026-01-01T00:00:00.000Z' },
} as const;

/** A source document with every default filled in and every duration in ms. */
export function normalise(source: SourceDocument, data: JsonObject): PolicyDocument {
  return {
    id: source.id,
    version: source.version,
    action: source.action,
    ...(source.description !== undefined && { description: source.description }),
    ...(source.executionKey !== undefined && { executionKey: pathOf(source.executionKey) }),
    signals: Object.entries(source.signals).map(([name, signal]) => signalOf(name, signal)),
    rules: source.rules.map(ruleOf),
    admission: admissionOf(source.admission),
    reservation: reservationOf(source.reservation),
    tests: (source.tests ?? []).map(testOf),
    source: data,
  };
}

function pathOf(text: string): ParameterPath {
  return text.split('.').slice(1);
}

function signalOf(name: string, signal: SourceSignal): SignalDeclaration {
  return {
    name,
    shape: shapeOf(signal),
    optional: signal.optional ?? false,
    ...(signal.maxAge !== undefined && { maxAgeMs: parseDuration(signal.maxAge) }),
    ...(signal.bind !== undefined && { bind: pathOf(signal.bind) }),
  };
}

function shapeOf(signal: SourceSignal): SignalShape {
  return signal.type === 'list'
    ? { type: 'list', items: scalarOf(signal.items), maxItems: signal.maxItems }
    : scalarOf(signal);
}

function scalarOf(scalar: SourceScalar | Exclude<SourceSignal, { type: 'list' }>): ScalarShape {
  switch (scalar.type) {
    case 'int':
    case 'double': {
      const { type, min, max } = scalar;
      return { type, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
    }
    case 'string':
      return { type: 'string', maxLength: scalar.maxLength ?? DEFAULTS.stringMaxLength };
    case 'enum':
      return { type: 'enum', values: scalar.values };
    case 'bool':
      return { type: 'bool' };
    case 'timestamp':
      return { type: 'timestamp' };
  }
}

function ruleOf(rule: SourceRule): PolicyRule {
  return {
    id: rule.id,
    when: rule.when,
    then: rule.then,
    reason: rule.reason,
    obligations: rule.obligations ?? [],
    ...(rule.approval !== undefined && { approval: approvalOf(rule.approval) }),
  };
}

function approvalOf(approval: NonNullable<SourceRule['approval']>): ApprovalTerms {
  return {
    quorum: approval.quorum ?? DEFAULTS.approval.quorum,
    roles: approval.roles,
    ttlMs: parseDuration(approval.ttl ?? DEFAULTS.approval.ttl),
    separationOfDuties: approval.separationOfDuties ?? DEFAULTS.approval.separationOfDuties,
  };
}

function admissionOf(admission: SourceDocument['admission']): AdmissionTerms {
  return {
    ttlMs: parseDuration(admission?.ttl ?? DEFAULTS.admission.ttl),
    maxEvaluations: admission?.maxEvaluations ?? DEFAULTS.admission.maxEvaluations,
  };
}

function reservationOf(reservation: SourceDocument['reservation']): ReservationTerms {
  return {
    ttlMs: parseDuration(reservation?.ttl ?? DEFAULTS.reservation.ttl),
    maxTtlMs: parseDuration(reservation?.maxTtl ?? DEFAULTS.reservation.maxTtl),
    effect: reservation?.effect ?? DEFAULTS.reservation.effect,
    maxAttempts: reservation?.maxAttempts ?? DEFAULTS.reservation.maxAttempts,
  };
}

function testOf(test: SourceTest): PolicyTest {
  const { outcome, rule, code } = test.expect;
  return {
    name: test.name,
    subject: test.subject ?? DEFAULTS.test.subject,
    parameters: test.parameters ?? {},
    signals: test.signals,
    agesMs: Object.fromEntries(Object.entries(test.ages ?? {}).map(([name, age]) => [name, parseDuration(age)])),
    ...(test.executionId !== undefined && { executionId: test.executionId }),
    evaluatedAtMs: parseInstant(test.evaluatedAt ?? DEFAULTS.test.evaluatedAt),
    expect: { outcome, ...(rule !== undefined && { rule }), ...(code !== undefined && { code }) },
  };
}
