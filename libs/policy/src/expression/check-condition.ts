import { unparse } from '@bufbuild/cel';
import type { SignalDeclaration } from '../document/policy-document.js';
import { ExpressionCheck } from './check-expression.js';
import { ConditionEngine } from './condition.js';
import { parseExpression, type ExpressionProblem } from './parse-expression.js';
import { childrenOf, type ExpressionNode, type ParsedExpression } from './syntax-tree.js';

/** What can be said about a condition without an intent. */
export interface ConditionReading {
  readonly problems: readonly ExpressionProblem[];
  /** The condition without its layout, to compare conditions by; absent where it cannot be read. */
  readonly canonical?: string;
  /** The value that it has whatever the intent is, where that is certain. */
  readonly constant?: boolean;
  readonly signals: ReadonlySet<string>;
  readonly readsAllSignals: boolean;
  /** What evaluating it can cost at the declared sizes, in units. */
  readonly units: number;
}

/** Reads a condition and finds all that is wrong with it. Never throws. */
export function checkCondition(when: string, signals: readonly SignalDeclaration[]): ConditionReading {
  const outcome = parseExpression(when);
  if (!outcome.ok) return { problems: [outcome.problem], signals: new Set(), readsAllSignals: false, units: 0 };
  const check = new ExpressionCheck(outcome.parsed, signals);
  check.run(outcome.root);
  const { problems, readsAllSignals, units, signals: read } = check;
  const canonical = canonicalOf(outcome.parsed, when);
  const constant = problems.length === 0 ? constantOf(outcome.root) : undefined;
  return { problems, canonical, ...(constant !== undefined && { constant }), signals: read, readsAllSignals, units };
}

/** The literal patterns of every `matches` in a tree. */
export function patternsOf(root: ExpressionNode): string[] {
  const below = childrenOf(root).flatMap(patternsOf);
  const kind = root.exprKind;
  if (kind.case !== 'callExpr' || kind.value.function !== 'matches') return below;
  const pattern = kind.value.args[0]?.exprKind;
  return pattern?.case === 'constExpr' && pattern.value.constantKind.case === 'stringValue'
    ? [pattern.value.constantKind.value, ...below]
    : below;
}

function canonicalOf(parsed: ParsedExpression, when: string): string {
  try {
    return unparse(parsed);
  } catch {
    return when.trim();
  }
}

/**
 * The value with nothing known: each name is then an error, and CEL lets `||` and `&&` answer past an error only where
 * no value of it could change the answer. `has` is the exception (false of an unknown), so what uses it stays open.
 */
function constantOf(root: ExpressionNode): boolean | undefined {
  if (usesPresence(root)) return undefined;
  const engine = new ConditionEngine();
  for (const pattern of patternsOf(root)) engine.patterns.add(pattern);
  const value = engine.valueWithoutInput(root);
  return typeof value === 'boolean' ? value : undefined;
}

function usesPresence(node: ExpressionNode): boolean {
  if (node.exprKind.case === 'selectExpr' && node.exprKind.value.testOnly) return true;
  return childrenOf(node).some(usesPresence);
}
