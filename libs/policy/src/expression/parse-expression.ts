import { parse } from '@bufbuild/cel';
import { POLICY_LIMITS } from '../limits.js';
import type { PolicyFindingCode } from '../document/finding.js';
import { measureTree, type ExpressionNode, type ParsedExpression } from './syntax-tree.js';

/** Something wrong inside an expression; `offset` counts UTF-16 units from its start. */
export interface ExpressionProblem {
  readonly code: PolicyFindingCode;
  readonly message: string;
  readonly offset: number;
}

export type ParseOutcome =
  | { readonly ok: true; readonly parsed: ParsedExpression; readonly root: ExpressionNode; readonly nodes: number }
  | { readonly ok: false; readonly problem: ExpressionProblem };

/**
 * Reads one expression, within the limits. The length comes first: whatever the parser does is then bounded, and
 * brackets are counted before it recurses over them.
 */
export function parseExpression(text: string): ParseOutcome {
  if (text.length > POLICY_LIMITS.expressionLength) {
    return refused(
      'EXPRESSION_TOO_LONG',
      `the expression has ${text.length} characters, ${POLICY_LIMITS.expressionLength} are allowed`,
    );
  }
  const deep = firstBracketBeyond(text, POLICY_LIMITS.expressionDepth);
  if (deep !== undefined) return refused('EXPRESSION_TOO_DEEP', 'brackets are nested too deeply', deep);
  let parsed: ParsedExpression;
  try {
    // The grammar ends a comment with a line break only.
    parsed = parse(text.includes('//') ? `${text}\n` : text);
  } catch (error) {
    return refused('EXPRESSION_SYNTAX', 'the expression is not CEL', offsetOfSyntaxError(error));
  }
  const root = parsed.expr;
  if (root === undefined) return refused('EXPRESSION_SYNTAX', 'the expression is empty');
  return withinLimits(parsed, root);
}

/** Where a node stands in the expression's text. Operators stand where their sign stands. */
export function offsetOf(parsed: ParsedExpression, node: ExpressionNode): number {
  return parsed.sourceInfo?.positions[node.id.toString()] ?? 0;
}

function withinLimits(parsed: ParsedExpression, root: ExpressionNode): ParseOutcome {
  const { nodes, depth, nesting } = measureTree(root);
  if (depth > POLICY_LIMITS.expressionDepth) {
    return refused(
      'EXPRESSION_TOO_DEEP',
      `the expression is ${depth} levels deep, ${POLICY_LIMITS.expressionDepth} are allowed`,
    );
  }
  if (nodes > POLICY_LIMITS.expressionNodes) {
    return refused(
      'EXPRESSION_TOO_LARGE',
      `the expression has ${nodes} nodes, ${POLICY_LIMITS.expressionNodes} are allowed`,
    );
  }
  if (nesting > POLICY_LIMITS.comprehensionNesting) {
    return refused(
      'EXPRESSION_NESTING',
      `comprehensions are nested ${nesting} deep, ${POLICY_LIMITS.comprehensionNesting} are allowed`,
    );
  }
  return { ok: true, parsed, root, nodes };
}

function refused(code: PolicyFindingCode, message: string, offset = 0): ParseOutcome {
  return { ok: false, problem: { code, message, offset } };
}

/** The offset of the first bracket nested deeper than `limit`. Brackets in strings count too: cheap, and strict. */
function firstBracketBeyond(text: string, limit: number): number | undefined {
  let depth = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text[offset];
    if (character === '(' || character === '[' || character === '{') depth += 1;
    else if ((character === ')' || character === ']' || character === '}') && depth > 0) depth -= 1;
    if (depth > limit) return offset;
  }
  return undefined;
}

function offsetOfSyntaxError(error: unknown): number {
  const location = (error as { location?: { start?: { offset?: unknown } } }).location;
  const offset = location?.start?.offset;
  return typeof offset === 'number' ? offset : 0;
}
