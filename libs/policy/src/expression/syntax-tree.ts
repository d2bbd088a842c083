import type { parse } from '@bufbuild/cel';

/** A parsed expression with the positions of its nodes. */
export type ParsedExpression = ReturnType<typeof parse>;
/** A node of the syntax tree (`cel.expr.Expr`); macros arrive expanded to comprehensions. */
export type ExpressionNode = NonNullable<ParsedExpression['expr']>;

/** The kinds of node, by name: what `switch` can be exhaustive over. */
export type NodeKind = ExpressionNode['exprKind'];

/** The nodes directly below one, in order of evaluation. */
export function childrenOf(node: ExpressionNode): ExpressionNode[] {
  const kind = node.exprKind;
  switch (kind.case) {
    case undefined:
    case 'constExpr':
    case 'identExpr':
      return [];
    case 'selectExpr':
      return present(kind.value.operand);
    case 'callExpr':
      return [...present(kind.value.target), ...kind.value.args];
    case 'listExpr':
      return kind.value.elements;
    case 'structExpr':
      return kind.value.entries.flatMap((entry) => [
        ...(entry.keyKind.case === 'mapKey' ? [entry.keyKind.value] : []),
        ...present(entry.value),
      ]);
    case 'comprehensionExpr':
      return [
        kind.value.iterRange,
        kind.value.accuInit,
        kind.value.loopCondition,
        kind.value.loopStep,
        kind.value.result,
      ].flatMap(present);
  }
}

/** Nodes, depth and comprehension nesting of a tree. The tree's depth must already be bounded by its text's length. */
export function measureTree(root: ExpressionNode): { nodes: number; depth: number; nesting: number } {
  let nodes = 0;
  let depth = 0;
  let nesting = 0;
  const open: { node: ExpressionNode; depth: number; nesting: number }[] = [{ node: root, depth: 1, nesting: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const within = next.nesting + (next.node.exprKind.case === 'comprehensionExpr' ? 1 : 0);
    nodes += 1;
    depth = Math.max(depth, next.depth);
    nesting = Math.max(nesting, within);
    for (const child of childrenOf(next.node)) open.push({ node: child, depth: next.depth + 1, nesting: within });
  }
  return { nodes, depth, nesting };
}

/** How many nodes a tree has. */
export function countNodes(root: ExpressionNode): number {
  return measureTree(root).nodes;
}

function present(node: ExpressionNode | undefined): ExpressionNode[] {
  return node === undefined ? [] : [node];
}
