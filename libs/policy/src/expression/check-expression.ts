import type { PolicyFindingCode } from '../document/finding.js';
import type { SignalDeclaration } from '../document/policy-document.js';
import { POLICY_LIMITS } from '../limits.js';
import { offsetOf, type ExpressionProblem } from './parse-expression.js';
import { problemOfPattern, unitsPerCharacter } from './pattern.js';
import {
  BOOL,
  DYN,
  canBeEqual,
  impossibleEnumValue,
  join,
  typeOfCall,
  typeOfSignal,
  type StaticType,
} from './static-type.js';
import { childrenOf, type ExpressionNode, type ParsedExpression } from './syntax-tree.js';

type Kind<C extends ExpressionNode['exprKind']['case']> = Extract<ExpressionNode['exprKind'], { case: C }>['value'];
type Call = Kind<'callExpr'>;
type Comprehension = Kind<'comprehensionExpr'>;

const INT64_LIMIT = 2n ** 63n;

/** The names that every condition sees. `signals` is looked into by name; parameters are whatever the caller sends. */
const ROOTS: ReadonlyMap<string, StaticType> = new Map([
  ['signals', { kind: 'map' }],
  ['parameters', { kind: 'map' }],
  ['subject', { kind: 'string' }],
  ['action', { kind: 'string' }],
  ['evaluatedAt', { kind: 'timestamp' }],
]);

type Scope = ReadonlyMap<string, StaticType>;

/** Walks one expression: names, functions, types where they can be known, and what it costs at the declared sizes. */
export class ExpressionCheck {
  readonly problems: ExpressionProblem[] = [];
  /** The declared signals that the expression reads or tests for. */
  readonly signals = new Set<string>();
  /** `true` when it takes `signals` as a whole, so that every signal may be read. */
  readsAllSignals = false;
  /** An upper bound of the units at the declared sizes; what loops over parameters counts as one item. */
  units = 0;
  readonly #parsed: ParsedExpression;
  readonly #declared: ReadonlyMap<string, SignalDeclaration>;
  readonly #guarded = new Set<string>();
  readonly #unguarded: { readonly name: string; readonly offset: number }[] = [];
  #times = 1;

  constructor(parsed: ParsedExpression, signals: readonly SignalDeclaration[]) {
    this.#parsed = parsed;
    this.#declared = new Map(signals.map((signal) => [signal.name, signal]));
  }

  /** Checks a condition from its root. */
  run(root: ExpressionNode): void {
    const type = this.#visit(root, ROOTS);
    if (type.kind !== 'bool' && type.kind !== 'dyn')
      this.#report('EXPRESSION_NOT_BOOLEAN', `the condition is ${type.kind}`, root);
    for (const { name, offset } of this.#unguarded) {
      if (this.#guarded.has(name)) continue;
      const message = `\`${name}\` is optional: guard it with \`has(signals.${name})\``;
      this.problems.push({ code: 'EXPRESSION_SIGNAL_UNGUARDED', message, offset });
    }
    if (this.units > POLICY_LIMITS.evaluationUnits) {
      this.#report(
        'EXPRESSION_COST',
        `the expression can cost ${Math.ceil(this.units)} units at the declared sizes`,
        root,
      );
    }
  }

  #visit(node: ExpressionNode, scope: Scope): StaticType {
    this.units += this.#times;
    const kind = node.exprKind;
    switch (kind.case) {
      case undefined:
        return this.#refuse('EXPRESSION_SYNTAX', 'an empty expression', node);
      case 'constExpr':
        return this.#constant(kind.value, node);
      case 'identExpr':
        return this.#identifier(kind.value.name, scope, node);
      case 'selectExpr':
        return this.#select(kind.value, scope, node);
      case 'callExpr':
        return this.#call(kind.value, scope, node);
      case 'listExpr': {
        const types = kind.value.elements.map((element) => this.#visit(element, scope));
        const items = types.length === 0 ? DYN : types.reduce(join);
        return { kind: 'list', items, maxItems: types.length };
      }
      case 'structExpr':
        if (kind.value.messageName !== '') return this.#refuse('EXPRESSION_FEATURE', 'policies have no messages', node);
        for (const child of childrenOf(node)) this.#visit(child, scope);
        return { kind: 'map' };
      case 'comprehensionExpr':
        return this.#comprehension(kind.value, scope, node);
    }
  }

  #constant({ constantKind }: Kind<'constExpr'>, node: ExpressionNode): StaticType {
    switch (constantKind.case) {
      case 'boolValue':
        return BOOL;
      case 'int64Value':
        if (constantKind.value < INT64_LIMIT && constantKind.value >= -INT64_LIMIT) return { kind: 'int' };
        return this.#refuse('EXPRESSION_TYPE', 'an integer beyond 64 bits', node);
      case 'doubleValue':
        return { kind: 'double' };
      case 'stringValue':
        return { kind: 'string', literal: constantKind.value, maxLength: constantKind.value.length };
      case 'nullValue':
        return { kind: 'null' };
      default:
        return this.#refuse('EXPRESSION_FEATURE', 'policies have no bytes and no unsigned integers', node);
    }
  }

  #identifier(name: string, scope: Scope, node: ExpressionNode): StaticType {
    const type = scope.get(name);
    if (type === undefined) return this.#refuse('EXPRESSION_NAME_UNKNOWN', `there is no \`${name}\``, node);
    if (name === 'signals') this.readsAllSignals = true;
    return type;
  }

  #select({ operand, field, testOnly }: Kind<'selectExpr'>, scope: Scope, node: ExpressionNode): StaticType {
    if (operand === undefined) return DYN;
    const type = isRoot(operand, 'signals')
      ? this.#signal(field, node, testOnly)
      : this.#member(this.#visit(operand, scope), field, node);
    return testOnly ? BOOL : type;
  }

  #signal(name: string, node: ExpressionNode, testOnly: boolean): StaticType {
    this.units += this.#times;
    const declaration = this.#declared.get(name);
    if (declaration === undefined)
      return this.#refuse('EXPRESSION_SIGNAL_UNKNOWN', `no signal \`${name}\` is declared`, node);
    this.signals.add(name);
    if (testOnly) this.#guarded.add(name);
    else if (declaration.optional) this.#unguarded.push({ name, offset: offsetOf(this.#parsed, node) });
    return typeOfSignal(declaration.shape);
  }

  #member(operand: StaticType, field: string, node: ExpressionNode): StaticType {
    if (operand.kind === 'map' || operand.kind === 'dyn') return DYN;
    return this.#refuse('EXPRESSION_TYPE', `a ${operand.kind} has no member \`${field}\``, node);
  }

  #call(call: Call, scope: Scope, node: ExpressionNode): StaticType {
    const [first, second] = call.args;
    if (call.function === '_[_]' && first && second) return this.#index(first, second, scope, node);
    const operands = [...(call.target ? [call.target] : []), ...call.args];
    const types = operands.map((operand) => this.#visit(operand, scope));
    const [left = DYN, right = DYN, other = DYN] = types;
    switch (call.function) {
      case '_&&_':
      case '_||_':
        operands.forEach((operand, index) => this.#expectBool(types[index] ?? DYN, operand));
        return BOOL;
      case '@not_strictly_false':
        return BOOL;
      case '_?_:_':
        if (first) this.#expectBool(left, first);
        return join(right, other);
      case '_==_':
      case '_!=_':
        return this.#equality(left, right, node);
      case '@in':
        return this.#membership(left, right, call, node);
      case 'matches':
        this.#pattern(left, right, second ?? first ?? node);
        return this.#signature(call, types, node);
      default:
        return this.#signature(call, types, node);
    }
  }

  #signature(call: Call, types: readonly StaticType[], node: ExpressionNode): StaticType {
    const typing = typeOfCall(call.function, types, call.target !== undefined);
    const shown = call.function.replaceAll('_', '');
    switch (typing.outcome) {
      case 'typed':
        return typing.type;
      case 'unknown':
        return this.#refuse(
          'EXPRESSION_FUNCTION_UNKNOWN',
          `there is no function \`${shown}\` ${call.target ? 'on a value' : ''}`.trim(),
          node,
        );
      case 'mismatch': {
        if (call.function.startsWith('get') && types.length > 1) {
          return this.#refuse('EXPRESSION_FEATURE', 'policies have no time zones: getters answer in UTC', node);
        }
        const kinds = types.map(({ kind }) => kind).join(', ');
        return this.#refuse('EXPRESSION_TYPE', `\`${shown}\` does not take (${kinds})`, node);
      }
    }
  }

  #index(operand: ExpressionNode, index: ExpressionNode, scope: Scope, node: ExpressionNode): StaticType {
    const key = this.#visit(index, scope);
    if (isRoot(operand, 'signals') && key.kind !== 'list' && key.literal !== undefined)
      return this.#signal(key.literal, node, false);
    const container = this.#visit(operand, scope);
    if (container.kind === 'map' || container.kind === 'dyn') return DYN;
    if (container.kind === 'list' && (key.kind === 'int' || key.kind === 'dyn')) return container.items;
    return this.#refuse('EXPRESSION_TYPE', `a ${container.kind} cannot be indexed with ${key.kind}`, node);
  }

  #equality(left: StaticType, right: StaticType, node: ExpressionNode): StaticType {
    const impossible = impossibleEnumValue(left, right);
    if (impossible !== undefined)
      return this.#refuse('EXPRESSION_ENUM_VALUE', `the signal is never \`${impossible.slice(0, 64)}\``, node);
    if (canBeEqual(left, right)) return BOOL;
    return this.#refuse('EXPRESSION_TYPE', `a ${left.kind} never equals a ${right.kind}`, node);
  }

  #membership(value: StaticType, container: StaticType, call: Call, node: ExpressionNode): StaticType {
    const list = call.args[1];
    if (container.kind === 'list') {
      const elements = list?.exprKind.case === 'listExpr' ? list.exprKind.value.elements : [];
      for (const element of elements) {
        const constant = element.exprKind.case === 'constExpr' ? element.exprKind.value.constantKind : undefined;
        if (constant?.case !== 'stringValue') continue;
        const impossible = impossibleEnumValue(value, { kind: 'string', literal: constant.value });
        if (impossible !== undefined)
          this.#report('EXPRESSION_ENUM_VALUE', `the signal is never \`${impossible.slice(0, 64)}\``, element);
      }
      if (canBeEqual(value, container.items)) return BOOL;
      return this.#refuse('EXPRESSION_TYPE', `a ${value.kind} is never in a list of ${container.items.kind}`, node);
    }
    const fits =
      container.kind === 'dyn' ||
      (container.kind === 'map' && (value.kind === 'string' || value.kind === 'dyn' || value.kind === 'int'));
    return fits
      ? BOOL
      : this.#refuse('EXPRESSION_TYPE', `\`in\` does not take (${value.kind}, ${container.kind})`, node);
  }

  #pattern(text: StaticType, pattern: StaticType, node: ExpressionNode): void {
    if (pattern.kind !== 'string' || pattern.literal === undefined) {
      this.#report('EXPRESSION_PATTERN', 'the pattern of `matches` must be a literal', node);
      return;
    }
    const problem = problemOfPattern(pattern.literal);
    if (problem !== undefined) this.#report('EXPRESSION_PATTERN', problem, node);
    else if (text.kind === 'string' && text.maxLength !== undefined) {
      this.units += this.#times * (text.maxLength + 1) * unitsPerCharacter(pattern.literal);
    }
  }

  #comprehension(loop: Comprehension, scope: Scope, node: ExpressionNode): StaticType {
    const range = loop.iterRange ? this.#visit(loop.iterRange, scope) : DYN;
    const result = loop.accuInit ? this.#visit(loop.accuInit, scope) : DYN;
    if (scope.has(loop.iterVar))
      this.#report('EXPRESSION_NAME_SHADOWED', `\`${loop.iterVar}\` hides another name`, node);
    if (range.kind !== 'list' && range.kind !== 'map' && range.kind !== 'dyn') {
      this.#report('EXPRESSION_TYPE', `a ${range.kind} cannot be looped over`, node);
    }
    const item = range.kind === 'list' ? range.items : range.kind === 'map' ? ({ kind: 'string' } as const) : DYN;
    const accumulator: StaticType = result.kind === 'list' ? { kind: 'list', items: DYN } : result;
    const within = new Map([...scope, [loop.iterVar, item], [loop.accuVar, accumulator]]);
    const outside = this.#times;
    this.#times *= range.kind === 'list' && range.maxItems !== undefined ? range.maxItems : 1;
    for (const part of [loop.loopCondition, loop.loopStep]) if (part) this.#visit(part, within);
    this.#times = outside;
    return loop.result ? this.#visit(loop.result, within) : DYN;
  }

  #expectBool(type: StaticType, node: ExpressionNode): void {
    if (type.kind !== 'bool' && type.kind !== 'dyn')
      this.#report('EXPRESSION_TYPE', `expected a bool, this is ${type.kind}`, node);
  }

  /** Reports, and goes on as if the type were not known, so that one mistake is told once. */
  #refuse(code: PolicyFindingCode, message: string, node: ExpressionNode): StaticType {
    this.#report(code, message, node);
    return DYN;
  }

  #report(code: PolicyFindingCode, message: string, node: ExpressionNode): void {
    this.problems.push({ code, message, offset: offsetOf(this.#parsed, node) });
  }
}

function isRoot(node: ExpressionNode, name: string): boolean {
  return node.exprKind.case === 'identExpr' && node.exprKind.value.name === name;
}
