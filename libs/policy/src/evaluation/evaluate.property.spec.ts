import fc from 'fast-check';
import { compilePolicy, parsePolicy, type EvaluationInput, type EvaluationOutcome } from '../index.js';

/**
 * Promise: admitted only where a plain reference, written without CEL, evaluates the same rules to exactly `true`.
 * The reference knows three values: true, false, and broken.
 */
type Truth = boolean | 'broken';

interface Term {
  readonly text: string;
  readonly truth: (values: Values) => Truth;
}

/** `a` and `b` are declared ints, `a` may be absent; `p` is whatever the caller sends. */
interface Values {
  readonly a?: number;
  readonly b: number;
  readonly p: unknown;
}

const compare = fc.constantFrom<readonly [string, (left: number, right: number) => boolean]>(
  ['<', (left, right) => left < right],
  ['<=', (left, right) => left <= right],
  ['>', (left, right) => left > right],
  ['==', (left, right) => left === right],
  ['!=', (left, right) => left !== right],
);

const declared: fc.Arbitrary<Term> = fc
  .tuple(compare, fc.integer({ min: -5, max: 5 }))
  .map(([[sign, test], bound]) => ({
    text: `signals.b ${sign} ${String(bound)}`,
    truth: ({ b }) => test(b, bound),
  }));
const absent: fc.Arbitrary<Term> = fc.tuple(compare, fc.integer({ min: -5, max: 5 })).map(([[sign, test], bound]) => ({
  text: `signals.a ${sign} ${String(bound)}`,
  truth: ({ a }) => (a === undefined ? 'broken' : test(a, bound)),
}));
const present: fc.Arbitrary<Term> = fc.constant({ text: 'has(signals.a)', truth: ({ a }) => a !== undefined });
const dynamic: fc.Arbitrary<Term> = fc.tuple(compare, fc.integer({ min: -5, max: 5 })).map(([[sign, test], bound]) => ({
  text: `parameters.p ${sign} ${String(bound)}`,
  truth: ({ p }) => {
    if (p === undefined) return 'broken';
    if (typeof p === 'number') return test(p, bound);
    return sign === '==' ? false : sign === '!=' ? true : 'broken';
  },
}));
const bare: fc.Arbitrary<Term> = fc.constant({
  text: 'parameters.p',
  truth: ({ p }) => (typeof p === 'boolean' ? p : 'broken'),
});
const division: fc.Arbitrary<Term> = fc.constant({
  text: '10 / signals.b > 2',
  truth: ({ b }) => (b === 0 ? 'broken' : Math.trunc(10 / b) > 2),
});

const and = (left: Truth, right: Truth): Truth => {
  if (left === false || right === false) return false;
  return left === 'broken' || right === 'broken' ? 'broken' : true;
};
const or = (left: Truth, right: Truth): Truth => {
  if (left === true || right === true) return true;
  return left === 'broken' || right === 'broken' ? 'broken' : false;
};

const term = fc.letrec<{ term: Term }>((tie) => ({
  term: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(declared, absent, present, dynamic, bare, division),
    fc.tuple(tie('term'), tie('term')).map(([left, right]) => ({
      text: `(${left.text}) && (${right.text})`,
      truth: (values: Values) => and(left.truth(values), right.truth(values)),
    })),
    fc.tuple(tie('term'), tie('term')).map(([left, right]) => ({
      text: `(${left.text}) || (${right.text})`,
      truth: (values: Values) => or(left.truth(values), right.truth(values)),
    })),
    tie('term').map((inner) => ({
      text: `!(${inner.text})`,
      truth: (values: Values) => {
        const truth = inner.truth(values);
        return truth === 'broken' ? 'broken' : !truth;
      },
    })),
    fc.tuple(tie('term'), tie('term'), tie('term')).map(([test, yes, no]) => ({
      text: `((${test.text}) ? (${yes.text}) : (${no.text}))`,
      truth: (values: Values) => {
        const truth = test.truth(values);
        if (truth === 'broken') return 'broken';
        return truth ? yes.truth(values) : no.truth(values);
      },
    })),
  ),
})).term;

const value = fc.oneof(
  fc.integer({ min: -6, max: 6 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Number.isInteger(number) ? 0.5 : number)),
  fc.boolean(),
  fc.string({ maxLength: 4 }),
  fc.constant(null),
  fc.constant([1]),
  fc.constant(undefined),
);
const values = fc.record({
  a: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
  b: fc.integer({ min: -5, max: 5 }),
  p: value,
});
const verdict = fc.constantFrom('admit', 'deny', 'escalate');
const rules = fc.array(fc.tuple(term, verdict), { minLength: 1, maxLength: 4 });

/** The whole policy by hand: the first true rule answers, the first broken one denies. */
function reference(policy: readonly (readonly [Term, string])[], given: Values): EvaluationOutcome {
  for (const [{ truth }, then] of policy) {
    const found = truth(given);
    if (found === 'broken') return 'denied';
    if (found) return then === 'admit' ? 'admitted' : then === 'escalate' ? 'escalated' : 'denied';
  }
  return 'denied';
}

describe('evaluate, against a reference', () => {
  it('answers as the reference, so it admits only where that is exactly true', () => {
    let admitted = 0;
    fc.assert(
      fc.property(rules, fc.array(values, { minLength: 1, maxLength: 8 }), (policy, inputs) => {
        const source = {
          id: 'p',
          version: '1.0.0',
          action: 'act',
          signals: { a: { type: 'int', optional: true }, b: { type: 'int' } },
          rules: policy.map(([{ text }, then], index) => ({
            id: `r${String(index)}`,
            // The guard lets an optional signal be read; it is never false.
            when: `(${text}) && (has(signals.a) || true)`,
            then,
            reason: 'x',
            ...(then === 'escalate' && { approval: { roles: ['boss'] } }),
          })),
        };
        const { document, findings } = parsePolicy(JSON.stringify(source), 'json');
        // Random rules repeat one another and are constant at times; then the document is refused, which admits nothing.
        if (document === undefined) return findings.length > 0;
        const compiled = compilePolicy(document);
        for (const given of inputs) {
          const { a, b, p } = given;
          const input: EvaluationInput = {
            action: 'act',
            subject: 's',
            parameters: p === undefined ? {} : { p: p },
            signals: { b: { value: b }, ...(a !== undefined && { a: { value: a } }) },
            executionId: 'e',
            evaluatedAtMs: 0,
          };
          const { outcome } = compiled.evaluate(input);
          if (outcome === 'admitted') admitted += 1;
          expect(outcome).toBe(reference(policy, { ...(a !== undefined && { a }), b, p }));
        }
        return true;
      }),
      { numRuns: 500 },
    );
    expect(admitted).toBeGreaterThan(50);
  });

  it('never throws, and denies what is not an intent', () => {
    const { document } = parsePolicy(
      "id: p\nversion: 1.0.0\naction: act\nsignals: { b: { type: int } }\nrules: [{ id: r, when: 'signals.b > 0 && parameters.p == 1', then: admit, reason: x }]",
      'yaml',
    );
    if (document === undefined) throw new Error('the sample is refused');
    const compiled = compilePolicy(document);
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withObjectString: true,
          withSparseArray: true,
          withTypedArray: true,
        }),
        (anything) => {
          const shapes = [
            anything,
            {
              action: 'act',
              subject: 's',
              parameters: anything,
              signals: { b: { value: 1 } },
              executionId: 'e',
              evaluatedAtMs: 0,
            },
          ];
          shapes.push({
            action: 'act',
            subject: 's',
            parameters: { p: 1 },
            signals: { b: { value: anything } },
            executionId: 'e',
            evaluatedAtMs: 0,
          });
          for (const shape of shapes) {
            const { outcome } = compiled.evaluate(shape as never);
            const isOne = typeof anything === 'number' && Number.isSafeInteger(anything) && anything > 0;
            if (!isOne) expect(['denied', shape === shapes[1] ? 'admitted' : 'denied']).toContain(outcome);
          }
        },
      ),
    );
  });

  it('reads any text as findings or a document, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.json(), fc.string({ maxLength: 60 })),
        (text) => {
          const { document, findings } = parsePolicy(text, 'auto');
          expect(document === undefined).toBe(findings.some(({ severity }) => severity === 'error'));
        },
      ),
    );
  });
});
