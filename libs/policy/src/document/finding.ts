/** Every finding code: its severity and when it is given. `docs/spec/policy.md` carries the same table, checked by a test. */
export const FINDING_CODES = {
  // --- the text -----------------------------------------------------------------------------------
  SOURCE_TOO_LARGE: { severity: 'error', meaning: 'the text is longer than a document may be' },
  SOURCE_SYNTAX: { severity: 'error', meaning: 'the text is not YAML or not JSON' },
  SOURCE_DUPLICATE_NAME: { severity: 'error', meaning: 'a mapping holds the same name twice' },
  SOURCE_NAME_FORBIDDEN: { severity: 'error', meaning: 'a mapping holds `__proto__`, `constructor` or `prototype`' },
  SOURCE_FEATURE: { severity: 'error', meaning: 'an anchor, alias, merge key, tag, directive or second document' },
  SOURCE_VALUE: { severity: 'error', meaning: 'a scalar or name that JSON does not have' },
  SOURCE_DEPTH: { severity: 'error', meaning: 'the document is nested too deeply' },
  // --- the fields ---------------------------------------------------------------------------------
  FIELD_UNKNOWN: { severity: 'error', meaning: 'a field that the document does not have' },
  FIELD_MISSING: { severity: 'error', meaning: 'a required field is absent' },
  FIELD_TYPE: { severity: 'error', meaning: 'a field is of the wrong type' },
  FIELD_VALUE: { severity: 'error', meaning: 'a field is outside its pattern, range or choices' },
  DURATION_ORDER: { severity: 'error', meaning: '`reservation.ttl` exceeds `reservation.maxTtl`' },
  // --- signals ------------------------------------------------------------------------------------
  SIGNAL_NAME_RESERVED: { severity: 'error', meaning: 'a signal is named like a word of CEL' },
  SIGNAL_RANGE_EMPTY: { severity: 'error', meaning: '`min` exceeds `max`: no value can pass' },
  SIGNAL_VALUES_DUPLICATE: { severity: 'error', meaning: 'an enum lists the same value twice' },
  SIGNAL_UNUSED: {
    severity: 'warning',
    meaning: 'no rule reads the signal, and it neither is bound nor has a `maxAge`',
  },
  // --- rules --------------------------------------------------------------------------------------
  RULE_ID_DUPLICATE: { severity: 'error', meaning: 'two rules have the same id' },
  RULE_CONDITION_DUPLICATE: {
    severity: 'error',
    meaning: 'a rule has the condition of an earlier one: it can never match',
  },
  RULE_UNREACHABLE: { severity: 'error', meaning: 'a rule follows one that always matches' },
  RULE_NEVER_MATCHES: { severity: 'error', meaning: 'a condition is false whatever the signals are' },
  RULE_APPROVAL_MISSING: { severity: 'error', meaning: 'a rule escalates without saying who may approve' },
  RULE_APPROVAL_MISPLACED: { severity: 'error', meaning: 'a rule that does not escalate has an `approval`' },
  OBLIGATION_DUPLICATE: { severity: 'error', meaning: 'a rule lists the same obligation id twice' },
  OBLIGATION_MISPLACED: { severity: 'error', meaning: 'a rule that denies has obligations' },
  DEFAULT_MISSING: {
    severity: 'warning',
    meaning: 'the last rule does not always match: what falls through is denied',
  },
  // --- expressions --------------------------------------------------------------------------------
  EXPRESSION_TOO_LONG: {
    severity: 'error',
    meaning: 'an expression, or all of them together, is too long to be parsed',
  },
  EXPRESSION_SYNTAX: { severity: 'error', meaning: 'the expression is not CEL' },
  EXPRESSION_TOO_DEEP: { severity: 'error', meaning: 'the expression is nested too deeply' },
  EXPRESSION_TOO_LARGE: { severity: 'error', meaning: 'the expression has too many nodes' },
  EXPRESSION_NESTING: { severity: 'error', meaning: 'comprehensions are nested too deeply' },
  EXPRESSION_COST: {
    severity: 'error',
    meaning: 'at the declared sizes the expression alone exceeds the budget of an evaluation',
  },
  EXPRESSION_FEATURE: {
    severity: 'error',
    meaning: 'a part of CEL that policies do not have (messages, bytes, uint, types, time zones)',
  },
  EXPRESSION_NAME_UNKNOWN: {
    severity: 'error',
    meaning: 'a name that is none of signals, parameters, subject, action, evaluatedAt or a comprehension variable',
  },
  EXPRESSION_NAME_SHADOWED: { severity: 'error', meaning: 'a comprehension variable hides another name' },
  EXPRESSION_SIGNAL_UNKNOWN: { severity: 'error', meaning: 'a signal that is not declared' },
  EXPRESSION_SIGNAL_UNGUARDED: {
    severity: 'error',
    meaning: 'an optional signal is read by an expression that has no `has()` of it',
  },
  EXPRESSION_FUNCTION_UNKNOWN: { severity: 'error', meaning: 'a function that policies do not have' },
  EXPRESSION_TYPE: { severity: 'error', meaning: 'an operator or function is applied to types that it never accepts' },
  EXPRESSION_NOT_BOOLEAN: { severity: 'error', meaning: 'a condition that gives neither true nor false' },
  EXPRESSION_ENUM_VALUE: { severity: 'error', meaning: 'an enum signal is compared with a value that it cannot have' },
  EXPRESSION_PATTERN: {
    severity: 'error',
    meaning: 'the pattern of `matches` is not a literal, not RE2, or too large',
  },
  // --- tests --------------------------------------------------------------------------------------
  TESTS_MISSING: { severity: 'warning', meaning: 'the document has no tests of its own' },
  TEST_NAME_DUPLICATE: { severity: 'error', meaning: 'two tests have the same name' },
  TEST_RULE_UNKNOWN: { severity: 'error', meaning: 'a test expects a rule that does not exist' },
} as const satisfies Record<string, { severity: 'error' | 'warning'; meaning: string }>;

export type PolicyFindingCode = keyof typeof FINDING_CODES;

/** One thing that is wrong, or doubtful, about a document. */
export interface PolicyFinding {
  readonly severity: 'error' | 'warning';
  readonly code: PolicyFindingCode;
  readonly message: string;
  /** Line and column in the source text, both from 1; inside the expression where that is known. */
  readonly line: number;
  readonly column: number;
  /** The field, as in `rules[2].when`; empty for the document itself. */
  readonly path: string;
}

/** A place in the document as data: names and indexes from the root. */
export type DocumentPath = readonly (string | number)[];

/** A finding before its place in the text is known; `offset` counts characters into the string at `path`. */
export interface UnplacedFinding {
  readonly code: PolicyFindingCode;
  readonly message: string;
  readonly path: DocumentPath;
  readonly offset?: number;
  /** `true`: the finding is about the name of the field, not about its value. */
  readonly atName?: boolean;
}

/** `['rules', 2, 'when']` → `rules[2].when`. */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
