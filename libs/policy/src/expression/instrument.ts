import { APPEND_FUNCTION, NEW_LIST_FUNCTION, RANGE_FUNCTION } from './metered-functions.js';
import { countNodes, type ExpressionNode } from './syntax-tree.js';

type Comprehension = Extract<ExpressionNode['exprKind'], { case: 'comprehensionExpr' }>['value'];

/**
 * The tree with its loops under the meter: each comprehension's range is charged for the whole loop before the loop
 * runs, and `map` and `filter` fill one list instead of concatenating. Everything else is as it was parsed.
 */
export function instrument(node: ExpressionNode): ExpressionNode {
  const kind = node.exprKind;
  switch (kind.case) {
    case undefined:
    case 'constExpr':
    case 'identExpr':
      return node;
    case 'selectExpr':
      return {
        ...node,
        exprKind: { case: kind.case, value: { ...kind.value, ...optional('operand', kind.value.operand) } },
      };
    case 'callExpr': {
      const args = kind.value.args.map(instrument);
      return {
        ...node,
        exprKind: { case: kind.case, value: { ...kind.value, args, ...optional('target', kind.value.target) } },
      };
    }
    case 'listExpr':
      return {
        ...node,
        exprKind: { case: kind.case, value: { ...kind.value, elements: kind.value.elements.map(instrument) } },
      };
    case 'structExpr': {
      const entries = kind.value.entries.map((entry) => ({
        ...entry,
        ...optional('value', entry.value),
        keyKind:
          entry.keyKind.case === 'mapKey'
            ? { case: entry.keyKind.case, value: instrument(entry.keyKind.value) }
            : entry.keyKind,
      }));
      return { ...node, exprKind: { case: kind.case, value: { ...kind.value, entries } } };
    }
    case 'comprehensionExpr':
      return { ...node, exprKind: { case: kind.case, value: instrumentLoop(node, kind.value) } };
  }
}

function instrumentLoop(node: ExpressionNode, loop: Comprehension): Comprehension {
  const nodesPerItem = [loop.loopCondition, loop.loopStep].reduce(
    (sum, part) => sum + (part ? countNodes(part) : 0),
    0,
  );
  const range = loop.iterRange;
  const fillsList = loop.accuInit?.exprKind.case === 'listExpr';
  return {
    ...loop,
    ...(range && { iterRange: call(node, RANGE_FUNCTION, [instrument(range), integer(node, nodesPerItem)]) }),
    ...(fillsList && { accuInit: call(node, NEW_LIST_FUNCTION, []) }),
    ...optional('loopCondition', loop.loopCondition),
    ...(loop.loopStep && { loopStep: instrument(fillsList ? appending(loop.loopStep, loop.accuVar) : loop.loopStep) }),
  };
}

/** `@result + [x]` → `@append(@result, x)`, directly or in the branch of `test ? @result + [x] : @result`. */
function appending(step: ExpressionNode, accumulator: string): ExpressionNode {
  const kind = step.exprKind;
  if (kind.case !== 'callExpr') return step;
  const [first, second, third] = kind.value.args;
  if (kind.value.function === '_?_:_' && first && second && third) {
    const args = [first, appending(second, accumulator), third];
    return { ...step, exprKind: { case: kind.case, value: { ...kind.value, args } } };
  }
  const isAccumulator = first?.exprKind.case === 'identExpr' && first.exprKind.value.name === accumulator;
  if (kind.value.function !== '_+_' || !isAccumulator || second?.exprKind.case !== 'listExpr') return step;
  const item = second.exprKind.value.elements[0];
  return item === undefined ? step : call(step, APPEND_FUNCTION, [first, item]);
}

function optional<K extends string>(name: K, node: ExpressionNode | undefined): { [name in K]?: ExpressionNode } {
  return node === undefined ? {} : ({ [name]: instrument(node) } as { [name in K]?: ExpressionNode });
}

/** A call in the place of `at`, so that an error in it points there. */
function call(at: ExpressionNode, name: string, args: ExpressionNode[]): ExpressionNode {
  return {
    $typeName: 'cel.expr.Expr',
    id: at.id,
    exprKind: { case: 'callExpr', value: { $typeName: 'cel.expr.Expr.Call', function: name, args } },
  };
}

function integer(at: ExpressionNode, value: number): ExpressionNode {
  const constantKind = { case: 'int64Value', value: BigInt(value) } as const;
  return {
    $typeName: 'cel.expr.Expr',
    id: at.id,
    exprKind: { case: 'constExpr', value: { $typeName: 'cel.expr.Constant', constantKind } },
  };
}
