import { celEnv, isCelError, plan, type CelInput } from '@bufbuild/cel';
import type { Clause, ConditionError } from '../evaluation/evaluation.js';
import { instrument } from './instrument.js';
import { Meter } from './meter.js';
import { meteredFunctions } from './metered-functions.js';
import { parseExpression } from './parse-expression.js';
import { PatternCache } from './pattern.js';
import { splitConjunction } from './split-conjunction.js';
import { countNodes, type ExpressionNode } from './syntax-tree.js';

/** The names that a condition sees, each with its value. The record must have a null prototype. */
export type Activation = Readonly<Record<string, CelInput>>;

export type ConditionOutcome =
  | { readonly kind: 'true' }
  | { readonly kind: 'false'; readonly clause: Clause }
  | { readonly kind: 'error'; readonly clause: Clause; readonly error: ConditionError };

interface PlannedClause {
  readonly clause: Clause;
  readonly units: number;
  readonly run: (activation: Activation) => unknown;
}

/** Plans and evaluates the conditions of one policy under one meter. */
export class ConditionEngine {
  readonly meter = new Meter();
  readonly patterns = new PatternCache();
  readonly #environment = celEnv({ funcs: meteredFunctions(this.meter, this.patterns) });

  /**
   * Prepares a condition that the lints have let pass (its patterns must be known to `patterns`).
   * Throws where it cannot be parsed: that is a bug of the caller.
   */
  plan(when: string): Condition {
    const whole = parseExpression(when);
    if (!whole.ok) throw new Error(whole.problem.message);
    const clauses: PlannedClause[] = [];
    for (const span of splitConjunction(when, whole.root)) {
      const part = parseExpression(span.text);
      // Should the split ever cut in the wrong place, the condition is evaluated whole.
      if (!part.ok) return new Condition([this.#clause({ text: when, offset: 0 }, whole.root)], this.meter);
      clauses.push(this.#clause(span, part.root));
    }
    return new Condition(clauses, this.meter);
  }

  /** The value of an expression with nothing known, for lints; `undefined` where it errs. */
  valueWithoutInput(root: ExpressionNode): unknown {
    this.meter.reset();
    const value = plan(this.#environment, instrument(root))({});
    return isCelError(value) || this.meter.exhausted ? undefined : value;
  }

  #clause(clause: Clause, root: ExpressionNode): PlannedClause {
    const run = plan(this.#environment, instrument(root));
    return { clause, units: countNodes(root), run: (activation) => run(activation) };
  }
}

/** One condition, as the operands of its outermost `&&`. */
export class Condition {
  readonly #clauses: readonly PlannedClause[];
  readonly #meter: Meter;

  constructor(clauses: readonly PlannedClause[], meter: Meter) {
    this.#clauses = clauses;
    this.#meter = meter;
  }

  /** CEL's `&&`: false if any operand is false, else an error if any errs or is no boolean, else true. Never throws. */
  evaluate(activation: Activation): ConditionOutcome {
    let failed: ConditionOutcome | undefined;
    for (const { clause, units, run } of this.#clauses) {
      const value = this.#run(units, run, activation);
      // A swallowed charge may have given any value: nothing counts once the budget is gone.
      if (this.#meter.exhausted) return { kind: 'error', clause, error: 'budget' };
      if (value === false) return { kind: 'false', clause };
      if (value === true) continue;
      failed ??= { kind: 'error', clause, error: isCelError(value) ? errorKind(value.message) : 'not-boolean' };
    }
    return failed ?? { kind: 'true' };
  }

  #run(units: number, run: PlannedClause['run'], activation: Activation): unknown {
    try {
      this.#meter.charge(units);
      return run(activation);
    } catch {
      // Only an exhausted meter throws here; `plan` turns everything else into an error value.
      return undefined;
    }
  }
}

/** The library's messages hold values, so only their kind goes on. Anchored: a value cannot choose its kind. */
function errorKind(message: string): ConditionError {
  if (/^(?:field not found|unresolved attribute|index )/.test(message)) return 'absent';
  if (/^(?:found no matching overload|type mismatch|unsupported key type|unbound function|type:)/.test(message))
    return 'type';
  if (/^(?:int overflow|uint overflow|timestamp out of range|duration out of range)/.test(message)) return 'overflow';
  if (/^(?:int|uint) (?:divide|modulus) by zero/.test(message)) return 'division';
  if (/^(?:conversion:|Failed to parse|Unable to convert)/.test(message)) return 'conversion';
  return 'other';
}
