import { parseDuration } from '@writ/encoding';
import { z } from 'zod';
import { POLICY_LIMITS } from '../limits.js';

/** The shape of a source document. What one field cannot see of another is checked by `check-document.ts`. */

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

const text = (maxLength: number) => z.string().min(1).max(maxLength);
const ruleId = z.string().regex(NAME);
const verdict = z.enum(['admit', 'deny', 'escalate']);
const parameterPath = z
  .string()
  .max(256)
  .regex(/^parameters(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}){1,8}$/)
  .describe('a path into the parameters: `parameters.loan.amount`');

/** A duration of at least `min` ms, as text: `250ms`, `300s`, `15m`, `24h`, `7d`. */
const duration = (min: number, max = 10 * 366 * 86_400_000) =>
  z
    .string()
    .refine((value) => {
      const ms = durationMs(value);
      return ms !== undefined && ms >= min && ms <= max;
    })
    .describe('a whole number and one of ms, s, m, h, d');

const freshness = {
  optional: z.boolean().optional(),
  maxAge: duration(1).optional(),
  bind: parameterPath.optional(),
};

const enumValues = z.array(text(256)).min(1).max(256);
const maxLength = z.int().min(1).max(POLICY_LIMITS.stringLength).optional();
const scalarShapes = [
  { type: z.literal('int'), min: z.int().optional(), max: z.int().optional() },
  { type: z.literal('double'), min: z.number().optional(), max: z.number().optional() },
  { type: z.literal('string'), maxLength },
  { type: z.literal('bool') },
  { type: z.literal('enum'), values: enumValues },
  { type: z.literal('timestamp') },
] as const;
const [int, double, string, bool, choice, timestamp] = scalarShapes;

const scalar = z.discriminatedUnion('type', [
  z.strictObject(int),
  z.strictObject(double),
  z.strictObject(string),
  z.strictObject(bool),
  z.strictObject(choice),
  z.strictObject(timestamp),
]);

const signal = z.discriminatedUnion('type', [
  z.strictObject({ ...int, ...freshness }),
  z.strictObject({ ...double, ...freshness }),
  z.strictObject({ ...string, ...freshness }),
  z.strictObject({ ...bool, ...freshness }),
  z.strictObject({ ...choice, ...freshness }),
  z.strictObject({ ...timestamp, ...freshness }),
  z.strictObject({
    type: z.literal('list'),
    items: scalar,
    maxItems: z.int().min(1).max(POLICY_LIMITS.listItems),
    ...freshness,
  }),
]);

const obligation = z
  .object({ id: ruleId })
  .catchall(z.union([z.string().max(1_024), z.number(), z.boolean()]))
  .refine(
    (value) =>
      Object.keys(value).length <= 16 && Object.keys(value).every((name) => /^[a-z][A-Za-z0-9_]{0,63}$/.test(name)),
  )
  .describe('an id and up to 15 attributes: strings, numbers or booleans');

const approval = z.strictObject({
  quorum: z.int().min(1).max(16).optional(),
  roles: z.array(ruleId).min(1).max(16),
  ttl: duration(1_000).optional(),
  separationOfDuties: z.boolean().optional(),
});

const rule = z.strictObject({
  id: ruleId,
  when: z.string().min(1),
  then: verdict,
  reason: text(512),
  obligations: z.array(obligation).max(16).optional(),
  approval: approval.optional(),
});

const test = z.strictObject({
  name: text(256),
  subject: z.string().max(1_024).optional(),
  parameters: z.record(z.string(), z.json()).optional(),
  signals: z.record(z.string(), z.json()),
  ages: z.record(z.string(), duration(0)).optional(),
  executionId: z.string().min(1).max(128).optional(),
  evaluatedAt: z.iso.datetime({ precision: 3 }).optional(),
  expect: z.strictObject({ outcome: verdict, rule: ruleId.optional(), code: z.string().max(64).optional() }),
});

export const documentSchema = z
  .strictObject({
    id: ruleId,
    version: z
      .string()
      .max(64)
      .regex(/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/),
    action: z.string().regex(/^[A-Za-z][A-Za-z0-9._:-]{0,127}$/),
    description: text(2_048).optional(),
    executionKey: parameterPath.optional(),
    signals: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), signal),
    rules: z.array(rule).min(1).max(POLICY_LIMITS.rules),
    admission: z
      .strictObject({ ttl: duration(1_000).optional(), maxEvaluations: z.int().min(1).max(1_000).optional() })
      .optional(),
    reservation: z
      .strictObject({
        ttl: duration(1_000).optional(),
        maxTtl: duration(1_000).optional(),
        effect: z.enum(['once', 'idempotent']).optional(),
        maxAttempts: z.int().min(1).max(1_000).optional(),
      })
      .optional(),
    tests: z.array(test).max(POLICY_LIMITS.tests).optional(),
  })
  .refine((value) => Object.keys(value.signals).length <= POLICY_LIMITS.signals, { path: ['signals'] });

/** A source document whose fields are each right. */
export type SourceDocument = z.infer<typeof documentSchema>;
export type SourceSignal = SourceDocument['signals'][string];
export type SourceScalar = z.infer<typeof scalar>;
export type SourceRule = SourceDocument['rules'][number];
export type SourceTest = NonNullable<SourceDocument['tests']>[number];

/** The JSON Schema (2020-12) of a source document, for editors; the findings are the authority. */
export function policyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(documentSchema, { io: 'input' });
}

/** Milliseconds of a duration, or `undefined` where the text is none. */
function durationMs(value: string): number | undefined {
  try {
    return parseDuration(value);
  } catch {
    return undefined;
  }
}
