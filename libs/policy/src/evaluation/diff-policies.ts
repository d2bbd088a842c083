import { canonicalText, type JsonObject, type JsonValue } from '@writ/encoding';
import type { PolicyDocument } from '../document/policy-document.js';
import { compilePolicy } from './compile-policy.js';
import { runTests, type TestOutcome } from './run-tests.js';

/** One thing that differs between two policies, by name. */
export interface NamedChange {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed' | 'moved';
  /** The fields that differ, where it changed. */
  readonly fields: readonly string[];
}

/** A test of either policy that comes out differently under the two. */
export interface TestChange {
  readonly name: string;
  readonly before: TestOutcome['actual'];
  readonly after: TestOutcome['actual'];
}

/** What changes from one policy to another: names, not lines. Layout, comments and spelled-out defaults are no change. */
export interface PolicyDifference {
  readonly same: boolean;
  readonly settings: readonly { readonly name: string; readonly before?: JsonValue; readonly after?: JsonValue }[];
  readonly signals: readonly NamedChange[];
  /** `moved` rules stand in another order among those that both policies have: the first match may be another. */
  readonly rules: readonly NamedChange[];
  readonly tests: readonly NamedChange[];
  /** Every test of either policy, run under both; only those listed whose outcome differs. */
  readonly outcomes: readonly TestChange[];
}

/** Compares two documents. Throws POLICY_INVALID where one of them cannot be compiled. */
export function diffPolicies(before: PolicyDocument, after: PolicyDocument): PolicyDifference {
  const signals = diffNamed(byName(before.signals, 'name'), byName(after.signals, 'name'));
  const rules = [...diffNamed(byName(before.rules, 'id'), byName(after.rules, 'id')), ...movedRules(before, after)];
  const tests = diffNamed(byName(before.tests, 'name'), byName(after.tests, 'name'));
  const settings = diffSettings(before, after);
  const outcomes = diffOutcomes(before, after);
  const same = [settings, signals, rules, tests, outcomes].every(({ length }) => length === 0);
  return { same, settings, signals, rules, tests, outcomes };
}

type Named = ReadonlyMap<string, JsonObject>;

/** What is compared is plain data: undefined members do not occur (`exactOptionalPropertyTypes`). */
function byName<K extends string>(items: readonly (object & { readonly [name in K]: string })[], key: K): Named {
  return new Map(items.map((item) => [item[key], item as unknown as JsonObject]));
}

function diffNamed(before: Named, after: Named): NamedChange[] {
  const removed = [...before.keys()].filter((name) => !after.has(name)).map((name) => change(name, 'removed'));
  const rest = [...after].flatMap(([name, now]): NamedChange[] => {
    const was = before.get(name);
    if (was === undefined) return [change(name, 'added')];
    const fields = differingFields(was, now);
    return fields.length === 0 ? [] : [change(name, 'changed', fields)];
  });
  return [...removed, ...rest];
}

function change(name: string, kind: NamedChange['change'], fields: readonly string[] = []): NamedChange {
  return { name, change: kind, fields };
}

function differingFields(before: JsonObject, after: JsonObject): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => !sameValue(before[name], after[name]));
}

function sameValue(before: JsonValue | undefined, after: JsonValue | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return canonicalText(before) === canonicalText(after);
}

/** The rules of both policies whose place among the common ones differs. */
function movedRules(before: PolicyDocument, after: PolicyDocument): NamedChange[] {
  const was = before.rules.map(({ id }) => id).filter((id) => after.rules.some((rule) => rule.id === id));
  const now = after.rules.map(({ id }) => id).filter((id) => was.includes(id));
  return now.filter((id, index) => was[index] !== id).map((id) => change(id, 'moved'));
}

function diffSettings(before: PolicyDocument, after: PolicyDocument): PolicyDifference['settings'] {
  const was = settingsOf(before);
  const now = settingsOf(after);
  return differingFields(was, now).map((name) => ({
    name,
    ...(was[name] !== undefined && { before: was[name] }),
    ...(now[name] !== undefined && { after: now[name] }),
  }));
}

function settingsOf(document: PolicyDocument): JsonObject {
  const { id, version, action, description, executionKey, admission, reservation } = document;
  return {
    id,
    version,
    action,
    ...(description !== undefined && { description }),
    ...(executionKey !== undefined && { executionKey: ['parameters', ...executionKey].join('.') }),
    'admission.ttlMs': admission.ttlMs,
    'admission.maxEvaluations': admission.maxEvaluations,
    'reservation.ttlMs': reservation.ttlMs,
    'reservation.maxTtlMs': reservation.maxTtlMs,
    'reservation.effect': reservation.effect,
    'reservation.maxAttempts': reservation.maxAttempts,
  };
}

/** Runs the tests of both policies under both; where both have a test of one name, the newer one's text counts. */
function diffOutcomes(before: PolicyDocument, after: PolicyDocument): TestChange[] {
  const tests = [...new Map([...before.tests, ...after.tests].map((test) => [test.name, test])).values()];
  const [was, now] = [before, after].map((document) => {
    const compiled = compilePolicy(document);
    return runTests({ ...compiled, document: { ...compiled.document, tests } });
  });
  return tests.flatMap(({ name }, index): TestChange[] => {
    const [old, current] = [was?.[index]?.actual, now?.[index]?.actual];
    if (old === undefined || current === undefined) return [];
    const same =
      old.outcome === current.outcome && old.rule === current.rule && old.codes.join() === current.codes.join();
    return same ? [] : [{ name, before: old, after: current }];
  });
}
