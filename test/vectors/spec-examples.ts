import {
  commit,
  decide,
  encodeMetadata,
  executionStream,
  holderHashOf,
  momentOf,
  NO_EXECUTION,
  prepareAll,
  streamRefOf,
  type Evaluate,
} from '@writ/ledger';
import { attestationMessage, encodeGrant, grantMessage, keyIdOf, type Grant } from '@writ/evidence';
import {
  formatDigest,
  parseDecisionId,
  parseEventId,
  parseExecutionId,
  parsePolicyId,
  parseTenant,
  sha256,
  textOf,
  toBase64,
  toHex,
  utf8,
} from '@writ/encoding';
import { leafHash, rootOf } from '@writ/merkle';
import { nobleSigner } from '@writ/signing';

/** Inputs of the worked examples in docs/spec: nothing random, nothing from a clock. */
const origin = 'ledger.example/loans';
const tenant = parseTenant('acme');
const executionId = parseExecutionId('order-1');
const atMs = 1_767_225_600_000; // 2026-01-01T00:00:00.000Z
const bytes = (byte: number, length = 16): Uint8Array => new Uint8Array(length).fill(byte);
const idOf = (n: number): string => `019b76da-a800-7000-8000-${n.toString(16).padStart(12, '0')}`;

const subjectSalt = bytes(0x11);
const parametersSalt = bytes(0x22);
const signalSalt = bytes(0x33);
const streamSalt = bytes(0x44);
const holder = bytes(0x55);
const parameters = { applicationId: 'order-1', amount: 15000 };
const key = nobleSigner(bytes(0x01, 32));

const intent = {
  action: 'loan.disburse',
  policyId: parsePolicyId('loan-approval'),
  subject: commit(subjectSalt, 'subject', 'customer-1'),
  parameters: commit(parametersSalt, 'parameters', parameters),
  signals: { credit_score: commit(signalSalt, 'signal:credit_score', { value: 720 }) },
};

const evaluate: Evaluate = {
  type: 'Evaluate',
  tenant,
  executionId,
  actor: { id: 'service-a', role: 'caller' },
  decisionId: parseDecisionId(idOf(1)),
  claim: intent,
  intent,
  reserve: { holderHash: holderHashOf(holder) },
  verdict: {
    outcome: 'admitted',
    policy: {
      policyId: intent.policyId,
      version: '1.0.3',
      digest: formatDigest(sha256(utf8('policy'))),
      activation: { eventId: parseEventId(idOf(2)), revision: '1' },
    },
    evaluatedAtMs: atMs,
    runtime: { version: 'writ/0.1.0', buildDigest: formatDigest(sha256(utf8('build'))) },
    rule: 'prime',
    reasons: [{ code: 'RULE', text: 'prime borrower within limit', rule: 'prime' }],
    obligations: [{ channel: 'email', id: 'notify-branch' }],
    diagnostics: [],
    terms: { maxEvaluations: 3, reservation: { ttlMs: 300_000, maxTtlMs: 3_600_000, effect: 'once', maxAttempts: 3 } },
    validUntilMs: atMs + 3_600_000,
  },
};

/** Name of an example, as it stands in a page between markers → its text. */
export function specExamples(): ReadonlyMap<string, string> {
  const stream = executionStream(tenant, executionId);
  const { append } = decide(NO_EXECUTION, evaluate, momentOf(NO_EXECUTION, atMs, 1_000));
  const prepared = prepareAll(append, {
    stream,
    streamSalt,
    firstRevision: 0n,
    recordedAtMs: atMs,
    identify: (at) => ({ eventId: parseEventId(idOf(16 + at)), nonce: bytes(0x66 + at) }),
  });
  const [decision, reservation] = prepared;
  if (decision === undefined || reservation === undefined) throw new Error('an admission has two events');
  const leaves = prepared.map((event) => event.leafHash);
  const root = rootOf(leaves);
  const message = attestationMessage(origin, leaves.length, root);
  const attestation = {
    entry: decision.entryText,
    keyId: key.keyId,
    batch: { index: 0, size: 2, path: [toBase64(reservation.leafHash)] },
    signature: toBase64(key.sign(message)),
  };
  const grant: Grant = {
    origin,
    tenant,
    executionId,
    action: intent.action,
    decisionId: evaluate.decisionId,
    attempt: 1,
    holderHash: holderHashOf(holder),
    parameters: intent.parameters,
    parametersSalt: toBase64(parametersSalt),
    issuedAtMs: atMs,
    expiresAtMs: atMs + 300_000,
    ttlMs: 300_000,
  };
  const payload = encodeGrant(grant);
  const grantLeaf = leafHash(payload);
  const signedRoot = grantMessage(origin, 1, grantLeaf);
  return new Map([
    [
      'commitment',
      lines({
        salt: toHex(parametersSalt),
        input: '["parameters",{"amount":15000,"applicationId":"order-1"}]',
        commitment: intent.parameters,
      }),
    ],
    ['event-data', textOf(decision.data)],
    [
      'event-metadata',
      textOf(
        encodeMetadata({
          streamSalt,
          openings: { parameters: { salt: toBase64(parametersSalt), value: parameters } },
          attestation: attestation,
        }),
      ),
    ],
    ['stream-ref', lines({ salt: toHex(streamSalt), name: stream, streamRef: streamRefOf(stream, streamSalt) })],
    [
      'entry',
      lines({
        entry: decision.entryText,
        leafHash: toHex(decision.leafHash),
        'leafHash of revision 1': toHex(reservation.leafHash),
        batchRoot: toHex(root),
      }),
    ],
    [
      'attestation',
      lines({
        publicKey: toHex(key.publicKey),
        keyId: keyIdOf(key.publicKey),
        message: toHex(message),
        attestation: JSON.stringify(attestation),
      }),
    ],
    [
      'grant',
      lines({
        holder: toHex(holder),
        payload: textOf(payload),
        leafHash: toHex(grantLeaf),
        message: toHex(signedRoot),
        signature: toBase64(key.sign(signedRoot)),
      }),
    ],
  ]);
}

function lines(named: Readonly<Record<string, string>>): string {
  return Object.entries(named)
    .map(([name, value]) => `${name}\n  ${value}`)
    .join('\n');
}
