/** JSON Schemas of what HTTP answers with; field by field as `execution-json.ts` and `policy-json.ts` write them. */
const string = { type: 'string' };
const integer = { type: 'integer' };
const boolean = { type: 'boolean' };
const decimal = { type: 'string', description: 'Decimal.' };
const base64 = { type: 'string', contentEncoding: 'base64' };
const time = { type: 'string', format: 'date-time' };
const json = { type: 'object', description: 'A JSON object.' };

export const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

const list = (items: object): object => ({ type: 'array', items });

/** An object whose fields are all there, but for those listed as `optional`. */
function object(properties: Record<string, object>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required };
}

const batch = object({ index: integer, size: integer, path: list(string) });

const executionFields = {
  tenant: string,
  executionId: string,
  state: string,
  action: string,
  policyId: string,
  decision: ref('Decision'),
  reservation: ref('Reservation'),
  evaluations: integer,
  attempts: integer,
  createdAt: time,
  updatedAt: time,
  revision: { type: 'string', description: 'Decimal.' },
  blocked: { type: 'boolean', description: 'A late outcome waits for Reconcile.' },
  events: list(ref('EventReceipt')),
};

/** How firmly an event stands. */
const standing = {
  standing: { enum: ['recorded', 'sequenced', 'anchored'] },
  index: { type: 'string', description: 'Of its leaf, decimal; from `sequenced` on.' },
  checkpointSize: { type: 'string', description: 'Of the latest checkpoint, which covers it; for `anchored`.' },
  cosignedBy: { type: 'integer', description: 'Witnesses that cosigned that checkpoint.' },
};

export const SCHEMAS = {
  Decision: object(
    {
      decisionId: string,
      outcome: { enum: ['admitted', 'denied', 'escalated'] },
      evaluation: integer,
      policyId: string,
      policyVersion: string,
      policyDigest: string,
      rule: string,
      reasons: list(object({ code: string, text: string, signal: string, rule: string }, ['signal', 'rule'])),
      obligations: list(json),
      validUntil: time,
      evaluatedAt: time,
    },
    ['validUntil'],
  ),
  Reservation: object({ attempt: integer, expiresAt: time, ttlMs: integer, holderHash: string }),
  Attestation: object({ entry: string, keyId: string, batch, signature: string }),
  Grant: object({ payload: string, keyId: string, batch, signature: string }),
  EventReceipt: object(
    {
      revision: string,
      eventId: string,
      type: string,
      typeVersion: integer,
      recordedAt: time,
      data: { type: 'string', description: 'Canonical JSON text; its SHA-256 stands in the attested entry.' },
      attestation: ref('Attestation'),
      ...standing,
    },
    ['index', 'checkpointSize', 'cosignedBy'],
  ),
  Receipt: object(
    {
      tenant: string,
      executionId: string,
      decision: ref('Decision'),
      reservation: ref('Reservation'),
      events: list(ref('EventReceipt')),
      replayed: boolean,
      signalsDiffer: boolean,
    },
    ['reservation'],
  ),
  EvaluateAnswer: object({ receipt: ref('Receipt'), grant: ref('Grant'), reissued: boolean }, ['grant']),
  ReceiptAnswer: object({ receipt: ref('Receipt') }),
  BatchAnswer: object({
    results: list(object({ response: ref('EvaluateAnswer'), error: ref('Problem') }, ['response', 'error'])),
  }),
  SimulateAnswer: object({ decision: ref('Decision'), diagnostics: list(json) }),
  Execution: object(executionFields, ['reservation', 'events']),
  Executions: object({ executions: list(ref('Execution')), nextPageToken: string }),
  Finding: object({ severity: string, code: string, message: string, line: integer, column: integer, path: string }),
  PolicyVersion: object(
    {
      tenant: string,
      policyId: string,
      version: string,
      digest: string,
      state: { enum: ['published', 'in_force', 'superseded', 'retired'] },
      publishedAt: time,
      publishedBy: string,
      activatedAt: time,
      document: json,
      signature: string,
      keyId: string,
    },
    ['activatedAt', 'document'],
  ),
  PolicyVersions: object({ policies: list(ref('PolicyVersion')) }),
  PolicyAnswer: object({
    policy: ref('PolicyVersion'),
    event: ref('EventReceipt'),
    findings: list(ref('Finding')),
    replayed: boolean,
  }),
  LintAnswer: object(
    {
      publishable: boolean,
      digest: string,
      findings: list(ref('Finding')),
      tests: list(object({ name: string, passed: boolean, expected: string, actual: string })),
    },
    ['digest'],
  ),
  Checkpoint: object({
    note: { type: 'string', description: 'The signed note with its cosignatures.' },
    size: decimal,
    root: base64,
    cosignedBy: integer,
  }),
  InclusionProof: object({
    index: decimal,
    eventId: string,
    entry: { type: 'string', description: 'Canonical JSON text; the leaf is SHA-256(0x00 || entry).' },
    leafHash: base64,
    path: list(base64),
    checkpoint: ref('Checkpoint'),
  }),
  ConsistencyProof: object({ oldSize: decimal, path: list(base64), checkpoint: ref('Checkpoint') }),
  Standings: object({
    tenant: string,
    executionId: string,
    reached: boolean,
    events: list(
      object({ revision: decimal, eventId: string, type: string, ...standing }, [
        'index',
        'checkpointSize',
        'cosignedBy',
      ]),
    ),
  }),
  Key: object(
    {
      keyId: string,
      purpose: string,
      publicKey: base64,
      state: { enum: ['current', 'rotated', 'revoked'] },
      addedAt: time,
      addedIndex: decimal,
      cutOffIndex: decimal,
      reason: string,
    },
    ['addedIndex', 'cutOffIndex', 'reason'],
  ),
  Keys: object({ keys: list(ref('Key')), signsWith: string }),
  KeyAnswer: object({ key: ref('Key'), event: ref('EventReceipt'), replayed: boolean }),
  PolicyChanges: object({ changes: list(json) }),
  Problem: object(
    {
      type: { type: 'string', description: '`urn:writ:error:<code>`, or `about:blank`.' },
      title: string,
      status: integer,
      detail: string,
      code: { type: 'string', description: 'A code of docs/spec/errors.md.' },
      kind: { enum: ['Rejected', 'Conflict', 'Unavailable', 'Integrity'] },
      retryable: boolean,
      details: json,
      receipt: ref('Receipt'),
    },
    ['detail', 'code', 'kind', 'retryable', 'details', 'receipt'],
  ),
} as const satisfies Record<string, object>;
