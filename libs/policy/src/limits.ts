/**
 * Every limit of a policy document and of one evaluation, in one place. `docs/spec/policy.md` lists them;
 * lowering one would refuse documents that are already published, so they only ever grow with a new spec version.
 */
export const POLICY_LIMITS = {
  /** UTF-8 bytes of a document's source text. */
  documentBytes: 262_144,
  /** Nesting of objects and arrays in a document. */
  documentDepth: 16,
  /** Findings told about a document; the first in the order of the text. */
  findings: 200,
  /** Declared signals in a document. */
  signals: 128,
  /** Rules in a document. */
  rules: 256,
  /** Embedded tests in a document. */
  tests: 256,
  /** Characters (UTF-16 code units) of one expression, checked before it is parsed. */
  expressionLength: 4_096,
  /** Characters of all expressions of a document together. */
  expressionsLength: 65_536,
  /** Nesting of one expression's syntax tree, macros expanded. */
  expressionDepth: 64,
  /** Nodes of one expression's syntax tree, macros expanded. */
  expressionNodes: 1_000,
  /** Comprehensions (`exists`, `all`, `exists_one`, `map`, `filter`) inside one another. */
  comprehensionNesting: 2,
  /** Characters of a `matches` pattern. */
  patternLength: 256,
  /** Places of a `matches` pattern once its repetitions are multiplied out. */
  patternSize: 300,
  /** Items that a list signal may declare. */
  listItems: 1_000,
  /** Characters that a string signal may declare. */
  stringLength: 4_096,
  /** Characters of a text that a conversion (`int`, `double`, `timestamp`, `duration`) reads. */
  conversionLength: 64,
  /** Weight of one evaluation's parameters and signals: eight per value, one per character of strings and names. */
  inputWeight: 262_144,
  /** Nesting of one evaluation's parameters and signals. */
  inputDepth: 32,
  /** Units of work that all rules of one evaluation may spend together; a unit is at most about a third of a microsecond. */
  evaluationUnits: 50_000,
  /** How far a signal's `observedAt` may lie ahead of the evaluation time, for clocks that differ. */
  futureToleranceMs: 2_000,
} as const;
