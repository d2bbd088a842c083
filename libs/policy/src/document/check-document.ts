import { checkCondition, type ConditionReading } from '../expression/check-condition.js';
import { POLICY_LIMITS } from '../limits.js';
import type { DocumentPath, PolicyFindingCode, UnplacedFinding } from './finding.js';
import type { PolicyDocument, PolicyRule, SignalDeclaration } from './policy-document.js';

/** Words of CEL that cannot stand after the dot of `signals.`. */
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop null package namespace return true var void while'.split(
    ' ',
  ),
);

/** Everything that is wrong or doubtful about a document whose fields are each right. */
export function checkDocument(document: PolicyDocument): UnplacedFinding[] {
  const total = document.rules.reduce((sum, rule) => sum + rule.when.length, 0);
  if (total > POLICY_LIMITS.expressionsLength) {
    const message = `the expressions have ${total} characters together, ${POLICY_LIMITS.expressionsLength} are allowed`;
    return [finding('EXPRESSION_TOO_LONG', message, ['rules'])];
  }
  const readings = document.rules.map((rule) => checkCondition(rule.when, document.signals));
  return [
    ...document.signals.flatMap(checkSignal),
    ...checkSettings(document),
    ...document.rules.flatMap((rule, index) => checkRule(rule, index, document.rules)),
    ...readings.flatMap((reading, index) => placeProblems(reading, index)),
    ...checkReachability(document.rules, readings),
    ...checkCost(readings),
    ...checkUse(document, readings),
    ...checkTests(document),
  ];
}

function finding(code: PolicyFindingCode, message: string, path: DocumentPath, atName = false): UnplacedFinding {
  return atName ? { code, message, path, atName } : { code, message, path };
}

function checkSignal({ name, shape }: SignalDeclaration): UnplacedFinding[] {
  const path = ['signals', name];
  const found: UnplacedFinding[] = [];
  if (RESERVED.has(name)) found.push(finding('SIGNAL_NAME_RESERVED', `\`${name}\` is a word of CEL`, path, true));
  const scalar = shape.type === 'list' ? shape.items : shape;
  const place = shape.type === 'list' ? [...path, 'items'] : path;
  if ((scalar.type === 'int' || scalar.type === 'double') && (scalar.min ?? -Infinity) > (scalar.max ?? Infinity)) {
    found.push(finding('SIGNAL_RANGE_EMPTY', '`min` exceeds `max`', [...place, 'min']));
  }
  if (scalar.type === 'enum') {
    for (const index of repeats(scalar.values)) {
      found.push(finding('SIGNAL_VALUES_DUPLICATE', 'the value is listed before', [...place, 'values', index]));
    }
  }
  return found;
}

function checkSettings({ reservation }: PolicyDocument): UnplacedFinding[] {
  if (reservation.ttlMs <= reservation.maxTtlMs) return [];
  return [finding('DURATION_ORDER', '`reservation.ttl` exceeds `reservation.maxTtl`', ['reservation', 'ttl'])];
}

function checkRule(rule: PolicyRule, index: number, rules: readonly PolicyRule[]): UnplacedFinding[] {
  const path = ['rules', index] as const;
  const found: UnplacedFinding[] = [];
  if (rules.findIndex(({ id }) => id === rule.id) < index) {
    found.push(finding('RULE_ID_DUPLICATE', `the id \`${rule.id}\` is taken by an earlier rule`, [...path, 'id']));
  }
  if (rule.then === 'escalate' && rule.approval === undefined) {
    found.push(finding('RULE_APPROVAL_MISSING', 'a rule that escalates needs an `approval`', [...path, 'then']));
  }
  if (rule.then !== 'escalate' && rule.approval !== undefined) {
    found.push(
      finding('RULE_APPROVAL_MISPLACED', 'only a rule that escalates has an `approval`', [...path, 'approval'], true),
    );
  }
  if (rule.then === 'deny' && rule.obligations.length > 0) {
    found.push(
      finding('OBLIGATION_MISPLACED', 'a rule that denies has no obligations', [...path, 'obligations'], true),
    );
  }
  for (const repeat of repeats(rule.obligations.map(({ id }) => id))) {
    found.push(
      finding('OBLIGATION_DUPLICATE', 'the obligation id is listed before', [...path, 'obligations', repeat, 'id']),
    );
  }
  return found;
}

function placeProblems({ problems }: ConditionReading, index: number): UnplacedFinding[] {
  return problems.map(({ code, message, offset }) => ({ code, message, path: ['rules', index, 'when'], offset }));
}

function checkReachability(rules: readonly PolicyRule[], readings: readonly ConditionReading[]): UnplacedFinding[] {
  const found: UnplacedFinding[] = [];
  const conditions = new Map<string, string>();
  let always: string | undefined;
  rules.forEach((rule, index) => {
    const reading = readings[index];
    if (reading?.canonical === undefined) return;
    const at = ['rules', index, 'when'];
    const earlier = conditions.get(reading.canonical);
    if (always !== undefined) {
      found.push(finding('RULE_UNREACHABLE', `the rule \`${always}\` before it always matches`, ['rules', index]));
    } else if (earlier !== undefined) {
      found.push(finding('RULE_CONDITION_DUPLICATE', `the rule \`${earlier}\` before it has the same condition`, at));
    } else if (reading.constant === false) {
      found.push(finding('RULE_NEVER_MATCHES', 'the condition is always false', at));
    }
    if (reading.constant === true) always ??= rule.id;
    conditions.set(reading.canonical, earlier ?? rule.id);
  });
  const unread = readings.some(({ canonical }) => canonical === undefined);
  if (always === undefined && !unread) {
    found.push(finding('DEFAULT_MISSING', 'no rule always matches: what falls through is denied', ['rules'], true));
  }
  return found;
}

/** One evaluation may have to try every rule. */
function checkCost(readings: readonly ConditionReading[]): UnplacedFinding[] {
  const each = readings.map(({ units }) => units);
  const total = each.reduce((sum, units) => sum + units, 0);
  // A rule that is too costly by itself is reported where it stands.
  if (total <= POLICY_LIMITS.evaluationUnits || Math.max(...each) > POLICY_LIMITS.evaluationUnits) return [];
  const message = `all rules together can cost ${Math.ceil(total)} units, ${POLICY_LIMITS.evaluationUnits} are allowed`;
  return [finding('EXPRESSION_COST', message, ['rules'], true)];
}

function checkUse(document: PolicyDocument, readings: readonly ConditionReading[]): UnplacedFinding[] {
  if (readings.some(({ canonical, readsAllSignals }) => canonical === undefined || readsAllSignals)) return [];
  const used = new Set(readings.flatMap(({ signals }) => [...signals]));
  return document.signals
    .filter(({ name, bind, maxAgeMs }) => !used.has(name) && bind === undefined && maxAgeMs === undefined)
    .map(({ name }) => finding('SIGNAL_UNUSED', `no rule reads \`${name}\``, ['signals', name], true));
}

function checkTests({ tests, rules }: PolicyDocument): UnplacedFinding[] {
  if (tests.length === 0) return [finding('TESTS_MISSING', 'the document has no tests', [])];
  const ids = new Set(rules.map(({ id }) => id));
  const unknown = tests.flatMap(({ expect }, index) =>
    expect.rule === undefined || ids.has(expect.rule)
      ? []
      : [finding('TEST_RULE_UNKNOWN', `there is no rule \`${expect.rule}\``, ['tests', index, 'expect', 'rule'])],
  );
  const repeated = repeats(tests.map(({ name }) => name)).map((index) =>
    finding('TEST_NAME_DUPLICATE', 'an earlier test has the same name', ['tests', index, 'name']),
  );
  return [...unknown, ...repeated];
}

/** The indexes of what stands in the list before. */
function repeats(values: readonly string[]): number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (seen.has(value)) return [index];
    seen.add(value);
    return [];
  });
}
