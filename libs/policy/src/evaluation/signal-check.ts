import type { CelInput } from '@bufbuild/cel';
import { celList } from '@bufbuild/cel';
import { canonicalText, parseInstant, type JsonValue } from '@writ/encoding';
import type { z } from 'zod';
import type { ScalarShape, SignalDeclaration, SignalShape } from '../document/policy-document.js';
import { celTimestamp } from '../expression/cel-value.js';
import { POLICY_LIMITS } from '../limits.js';
import type { EvaluationInput, Reason, ReasonCode, SignalInput } from './evaluation.js';
import { memberAt } from './plain-json.js';
import { refusalOf, signalSchema } from './signal-schema.js';

/** The checked signals of an intent: what is wrong with them, or what CEL sees of them and until when they hold. */
export interface CheckedSignals {
  readonly reasons: readonly Reason[];
  readonly values: ReadonlyMap<string, CelInput>;
  readonly validUntilMs: number;
}

interface CompiledSignal {
  readonly declaration: SignalDeclaration;
  readonly schema: z.ZodType;
}

/** The signal declarations of one policy, ready to check intents against. */
export class SignalChecker {
  readonly #signals: ReadonlyMap<string, CompiledSignal>;

  constructor(declarations: readonly SignalDeclaration[]) {
    this.#signals = new Map(
      declarations.map((declaration) => [declaration.name, { declaration, schema: signalSchema(declaration.shape) }]),
    );
  }

  /** Checks every signal and reports all that is wrong, declared ones first, each group in order. */
  check(input: EvaluationInput): CheckedSignals {
    const reasons: Reason[] = [];
    const values = new Map<string, CelInput>();
    let validUntilMs = Number.POSITIVE_INFINITY;
    for (const { declaration, schema } of this.#signals.values()) {
      const { name, optional, maxAgeMs } = declaration;
      const signal = Object.hasOwn(input.signals, name) ? input.signals[name] : undefined;
      if (signal === undefined) {
        if (!optional) reasons.push(reason('SIGNAL_MISSING', name));
        continue;
      }
      const code =
        refusalOf(schema, signal.value) ??
        refusalOfAge(declaration, signal, input) ??
        refusalOfBinding(declaration, signal, input);
      if (code !== undefined) {
        reasons.push(reason(code, name));
        continue;
      }
      values.set(name, celOf(declaration.shape, signal.value));
      if (maxAgeMs !== undefined && signal.observedAtMs !== undefined) {
        validUntilMs = Math.min(validUntilMs, signal.observedAtMs + maxAgeMs);
      }
    }
    for (const name of Object.keys(input.signals)) {
      if (!this.#signals.has(name)) reasons.push(undeclared(name));
    }
    return { reasons, values, validUntilMs };
  }
}

const TEXTS = {
  SIGNAL_MISSING: 'a required signal is absent',
  SIGNAL_TYPE: 'the signal is of another type than declared',
  SIGNAL_RANGE: 'the signal lies outside its declared range',
  SIGNAL_ENUM: 'the signal is none of the declared values',
  SIGNAL_UNDATED: 'the signal needs an `observedAt`',
  SIGNAL_STALE: 'the signal is older than the policy allows',
  SIGNAL_FROM_FUTURE: 'the signal was observed after the evaluation',
  SIGNAL_BIND_MISSING: 'the argument that the signal must equal is absent',
  SIGNAL_BIND_MISMATCH: 'the signal differs from the argument that it must equal',
} as const satisfies Partial<Record<ReasonCode, string>>;

function reason(code: ReasonCode, signal: string): Reason {
  return { code, text: TEXTS[code as keyof typeof TEXTS], signal };
}

/** The name comes from the caller: it is given back only where it could be a signal's name. */
function undeclared(name: string): Reason {
  const base = { code: 'SIGNAL_UNDECLARED', text: 'the policy declares no such signal' } as const;
  return /^[a-z][a-z0-9_]{0,63}$/.test(name) ? { ...base, signal: name } : base;
}

function refusalOfAge(
  declaration: SignalDeclaration,
  signal: SignalInput,
  input: EvaluationInput,
): ReasonCode | undefined {
  const { observedAtMs } = signal;
  if (observedAtMs === undefined) return declaration.maxAgeMs === undefined ? undefined : 'SIGNAL_UNDATED';
  if (!Number.isSafeInteger(observedAtMs)) return 'SIGNAL_UNDATED';
  if (observedAtMs > input.evaluatedAtMs + POLICY_LIMITS.futureToleranceMs) return 'SIGNAL_FROM_FUTURE';
  if (declaration.maxAgeMs !== undefined && input.evaluatedAtMs - observedAtMs > declaration.maxAgeMs)
    return 'SIGNAL_STALE';
  return undefined;
}

function refusalOfBinding(
  { bind }: SignalDeclaration,
  signal: SignalInput,
  input: EvaluationInput,
): ReasonCode | undefined {
  if (bind === undefined) return undefined;
  const argument = memberAt(input.parameters, bind);
  if (argument === undefined) return 'SIGNAL_BIND_MISSING';
  return sameJson(signal.value, argument) ? undefined : 'SIGNAL_BIND_MISMATCH';
}

function sameJson(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  return canonicalText(left) === canonicalText(right);
}

/** The declared type decides, not the value: a double of 3 stays a double. The value has passed its schema. */
function celOf(shape: SignalShape, value: JsonValue): CelInput {
  if (shape.type === 'list')
    return celList((value as readonly JsonValue[]).map((item) => celOfScalar(shape.items, item)));
  return celOfScalar(shape, value);
}

function celOfScalar(shape: ScalarShape, value: JsonValue): CelInput {
  switch (shape.type) {
    case 'int':
      return BigInt(value as number);
    case 'timestamp':
      return celTimestamp(parseInstant(value as string));
    case 'double':
    case 'string':
    case 'bool':
    case 'enum':
      return value;
  }
}
