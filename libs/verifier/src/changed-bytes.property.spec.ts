import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { installSha256 } from '@writ/encoding';
import { encodeBundle } from '@writ/evidence';

import { FixtureNoteKey } from './fixture-keys.fixture.js';
import { createBundleVerifier, verifyAttestationAlone, verifyTlogProof, type Report } from './index.js';
import { FixtureLedger, START_MS } from './ledger.fixture.js';

// The file is verified thousands of times.
installSha256((input) => Uint8Array.from(createHash('sha256').update(input).digest()));

const SMALL_POLICY = `
id: loan-approval
version: 1.0.0
action: loan.disburse
signals:
  credit_score: { type: int, min: 300, max: 850 }
  loan_amount: { type: int, min: 1, max: 1000000 }
  bureau: { type: enum, values: [experian, equifax] }
rules:
  - { id: prime, when: 'signals.credit_score >= 700', then: admit, reason: prime borrower }
admission: { ttl: 1h, maxEvaluations: 3 }
reservation: { ttl: 300s, maxTtl: 1h, effect: once, maxAttempts: 3 }
`;

/** A whole bundle that is as small as one can be, cosigned by a witness that is trusted and by one that is not. */
const witness = FixtureNoteKey.witness('witness.example/w1', 0x31);
const stranger = FixtureNoteKey.witness('witness.example/w9', 0x39);
const timeSeconds = START_MS / 1_000;
const ledger = new FixtureLedger();
ledger.publish(SMALL_POLICY);
ledger.activate();
ledger.evaluate({ reserve: false });
const bytes = encodeBundle(
  ledger.bundleOf('order-1', ledger.events.length, [
    { by: witness, timeSeconds },
    { by: stranger, timeSeconds },
  ]),
);
const trust = ledger.trust({
  policy: {
    ...ledger.trust().policy,
    witnesses: [{ name: 'w1', key: witness.key }],
    quorum: { kind: 'witness', name: 'w1' },
  },
});
const verifier = createBundleVerifier(trust);
const honest = verifier.verify(bytes);
const claims = JSON.stringify(honest.claims);

/** What must hold of every file: nothing is believed of it, or it says what the honest one says. */
function isHarmless(report: Report): boolean {
  return report.verdict === null ? report.claims === null : JSON.stringify(report.claims) === claims;
}

function changedAt(at: number, mask: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}

/** One bit, another one at each byte; `WRIT_SWEEP=1` takes all eight. */
const masksAt = (at: number): readonly number[] =>
  process.env['WRIT_SWEEP'] === '1' ? [1, 2, 4, 8, 16, 32, 64, 128] : [1 << (at % 8)];

describe('a bundle with one byte changed', () => {
  it('is whole before', () => {
    expect(honest.verdict).toBe('reevaluated');
  });

  it('is refused, or says the same, at every byte', () => {
    const silent: number[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      for (const mask of masksAt(at)) {
        const report = verifier.verify(changedAt(at, mask));
        if (!isHarmless(report)) throw new Error(`byte ${at}, mask ${mask}: ${JSON.stringify(report)}`);
        if (report.verdict !== null) silent.push(at);
      }
    }
    // What no check covers is the line of the witness that is not trusted, and nothing else.
    const text = new TextDecoder('latin1').decode(bytes);
    const line = text.indexOf('witness.example/w9');
    expect(silent.length).toBeGreaterThan(0);
    expect(silent.filter((at) => at < line || at > line + 140)).toEqual([]);
  }, 900_000);
});

describe('a hostile file', () => {
  const seed = { seed: 20_260_101 };

  it('is refused without a throw, however it was cut, joined and changed', () => {
    const place = fc.nat({ max: bytes.length - 1 });
    const edit = fc.oneof(
      fc.record({ kind: fc.constant('cut'), at: place, length: fc.nat({ max: 400 }) }),
      fc.record({ kind: fc.constant('copy'), at: place, length: fc.nat({ max: 400 }) }),
      fc.record({ kind: fc.constant('digit'), at: place, length: fc.nat({ max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let file = Buffer.from(bytes);
        for (const { kind, at, length } of edits) {
          const piece = file.subarray(at, at + length);
          if (kind === 'cut') file = Buffer.concat([file.subarray(0, at), file.subarray(at + length)]);
          else if (kind === 'copy') file = Buffer.concat([file.subarray(0, at), piece, file.subarray(at)]);
          else {
            const digit = file.indexOf(/[0-9]/.exec(file.toString('latin1', at))?.[0] ?? '0', at);
            file = Buffer.from(file);
            if (digit >= 0) file[digit] = 0x30 + length;
          }
        }
        return isHarmless(verifier.verify(Uint8Array.from(file)));
      }),
      { ...seed, numRuns: 1_000 },
    );
  }, 120_000);

  it('is refused without a throw, whatever is at a place of its JSON', () => {
    const leaves = placesOf(JSON.parse(Buffer.from(bytes).toString('utf8')));
    const hostile = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom(
        '',
        '0',
        '-1',
        '1e3',
        '9223372036854775807',
        '9'.repeat(40),
        'A'.repeat(86) + '==',
        '\u202e',
        {},
        [],
      ),
      fc.constantFrom(...leaves.map(({ value }) => value)),
    );
    fc.assert(
      fc.property(fc.nat({ max: leaves.length - 1 }), hostile, (which, value) => {
        const json: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
        const { path } = leaves[which]!;
        put(json, path, value);
        const file = Buffer.from(JSON.stringify(sorted(json)));
        return isHarmless(verifier.verify(Uint8Array.from(file)));
      }),
      { ...seed, numRuns: 1_500 },
    );
  }, 120_000);

  it('of any kind is refused without a throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(null), fc.integer()), (text) => {
        const file = text as string;
        const reports = [
          verifier.verify(file as never),
          verifyTlogProof(file, undefined, trust),
          verifyAttestationAlone(file, trust),
        ];
        return reports.every(({ verdict }) => verdict === null);
      }),
      { ...seed, numRuns: 300 },
    );
  });
});

interface Place {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** Every member and item, the containers too. */
function placesOf(value: unknown, path: readonly (string | number)[] = []): Place[] {
  const own: Place[] = path.length === 0 ? [] : [{ path, value }];
  if (Array.isArray(value)) return [...own, ...value.flatMap((item, at) => placesOf(item, [...path, at]))];
  if (typeof value !== 'object' || value === null) return own;
  return [...own, ...Object.entries(value).flatMap(([name, item]) => placesOf(item, [...path, name]))];
}

function put(container: unknown, path: readonly (string | number)[], value: unknown): void {
  const [name = '', ...rest] = path;
  const members = container as Record<string | number, unknown>;
  if (rest.length === 0) members[name] = value;
  else put(members[name], rest, value);
}

/** Members in canonical order, so that the file gets past the spelling. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(members.map(([name, item]) => [name, sorted(item)]));
}
