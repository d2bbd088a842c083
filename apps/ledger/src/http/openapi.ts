import { z } from 'zod';

import {
  BatchBody,
  CommitBody,
  EvaluateBody,
  ListQuery,
  ReconcileBody,
  ReleaseBody,
  RenewBody,
  ReserveBody,
  SimulateBody,
} from '../executions/execution-bodies.js';
import { RevokeKeyBody, RotateKeyBody } from '../keys/key-bodies.js';
import {
  CheckpointQuery,
  ConsistencyQuery,
  EvidenceQuery,
  InclusionQuery,
  StandingQuery,
} from '../lineage/lineage-queries.js';
import { ActivateBody, DiffQuery, PolicyTextBody, RetireBody, VersionQuery } from '../policies/policy-bodies.js';
import { ref, SCHEMAS } from './openapi-schemas.js';

interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  readonly answer: keyof typeof SCHEMAS | 'events' | 'text' | 'bytes' | 'object';
}

const execution = '/v1/{tenant}/executions/{executionId}';
const policy = '/v1/{tenant}/policies/{policyId}';

/** Every route; a test holds it against the routes that the server really has. */
const ROUTES: readonly Route[] = [
  post(`${execution}/evaluate`, 'Evaluate', 'Decides, and reserves when admitted.', EvaluateBody, 'EvaluateAnswer'),
  post(
    '/v1/{tenant}/evaluate-batch',
    'EvaluateBatch',
    'Independent evaluations, in order; each request is an Evaluate body with its executionId.',
    BatchBody,
    'BatchAnswer',
  ),
  post('/v1/{tenant}/simulate', 'Simulate', 'Decides without recording anything.', SimulateBody, 'SimulateAnswer'),
  post(
    `${execution}/reserve`,
    'Reserve',
    'Reserves what is admitted, approved or open again.',
    ReserveBody,
    'EvaluateAnswer',
  ),
  post(`${execution}/renew`, 'Renew', 'Extends a live lease.', RenewBody, 'EvaluateAnswer'),
  post(`${execution}/commit`, 'Commit', 'Reports how a run ended.', CommitBody, 'ReceiptAnswer'),
  post(`${execution}/release`, 'Release', 'Gives a reservation back without having run.', ReleaseBody, 'ReceiptAnswer'),
  post(
    `${execution}/reconcile`,
    'Reconcile',
    'Settles an unknown outcome; for operators.',
    ReconcileBody,
    'ReceiptAnswer',
  ),
  get(execution, 'GetExecution', 'One execution with all its events.', 'Execution'),
  get(
    `${execution}/watch`,
    'WatchExecution',
    'The execution now and after each event, as server-sent events.',
    'events',
  ),
  get(
    '/v1/{tenant}/executions',
    'ListExecutions',
    'Executions by state and time, newest first.',
    'Executions',
    ListQuery,
  ),
  post('/v1/policies/lint', 'LintPolicy', 'Checks a policy and runs its tests.', PolicyTextBody, 'LintAnswer'),
  post(
    '/v1/{tenant}/policies',
    'PublishPolicy',
    'Publishes a version, which never changes.',
    PolicyTextBody,
    'PolicyAnswer',
  ),
  get('/v1/{tenant}/policies', 'ListPolicies', 'All versions of all policies.', 'PolicyVersions'),
  get(
    policy,
    'GetPolicy',
    'A version with its document; the one in force unless `version` says otherwise.',
    'PolicyVersion',
    VersionQuery,
  ),
  get(`${policy}/versions`, 'ListPolicyVersions', 'All versions of one policy.', 'PolicyVersions'),
  get(`${policy}/diff`, 'DiffPolicies', 'Named changes between two versions.', 'PolicyChanges', DiffQuery),
  post(
    `${policy}/activate`,
    'ActivatePolicy',
    'Puts a version in force; an older one needs a reason.',
    ActivateBody,
    'PolicyAnswer',
  ),
  post(`${policy}/retire`, 'RetirePolicy', 'Takes a version out of use.', RetireBody, 'PolicyAnswer'),
  get(
    '/v1/lineage/checkpoint',
    'GetCheckpoint',
    'The latest checkpoint, or a published one by its size.',
    'Checkpoint',
    CheckpointQuery,
  ),
  get(
    '/v1/lineage/inclusion',
    'GetInclusionProof',
    'That one event is in the tree of a checkpoint; by `index`, by `eventId`, or by `tenant` and `executionId`.',
    'InclusionProof',
    InclusionQuery,
  ),
  get(
    '/v1/lineage/tlog-proof',
    'GetTlogProof',
    'The same as one text, in the format of C2SP tlog-proof.',
    'text',
    InclusionQuery,
  ),
  get(
    '/v1/lineage/consistency',
    'GetConsistencyProof',
    'That the tree of a checkpoint begins with all leaves of an older tree.',
    'ConsistencyProof',
    ConsistencyQuery,
  ),
  get(
    `${execution}/evidence`,
    'GetEvidence',
    'The bundle that proves the execution (docs/spec/bundle.md).',
    'object',
    EvidenceQuery,
  ),
  get(
    `${execution}/standing`,
    'AwaitStanding',
    'How far the events of the execution have come, once that is far enough or the time is over.',
    'Standings',
    StandingQuery,
  ),
  get('/v1/keys', 'ListKeys', 'Every attestation key that the ledger has recorded.', 'Keys'),
  post('/v1/keys/rotate', 'RotateKey', 'Puts a new key in the place of the current one.', RotateKeyBody, 'KeyAnswer'),
  post(
    '/v1/keys/{keyId}/revoke',
    'RevokeKey',
    'From a leaf index on nothing that the key signed counts any more.',
    RevokeKeyBody,
    'KeyAnswer',
  ),
  get('/checkpoint', 'Checkpoint', 'The latest checkpoint as C2SP tlog-tiles serves it.', 'text'),
  get('/tile/{path}', 'Tile', 'Tiles of hashes and of entries, as C2SP tlog-tiles names them.', 'bytes'),
  get('/health/live', 'Live', 'The process is alive.', 'object'),
  get('/health/ready', 'Ready', 'This node takes writes (200) or does not (503).', 'object'),
  get('/metrics', 'Metrics', 'Prometheus metrics.', 'text'),
  get('/openapi.json', 'OpenApi', 'This document.', 'object'),
];

/** The OpenAPI 3.1 document of the HTTP edge. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) (paths[route.path] ??= {})[route.method] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Writ',
      version: 'v1',
      description:
        'A governance ledger. The same operations as gRPC `writ.v1`; docs/guides/calling.md shows how to call it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: SCHEMAS,
    },
  };
}

function post(path: string, operation: string, summary: string, body: z.ZodType, answer: Route['answer']): Route {
  return { method: 'post', path, operation, summary, body, answer };
}

function get(path: string, operation: string, summary: string, answer: Route['answer'], query?: z.ZodType): Route {
  return { method: 'get', path, operation, summary, answer, ...(query === undefined ? {} : { query }) };
}

function operationOf(route: Route): object {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
  const inPath = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const problem = {
    description: 'Problem details (RFC 9457).',
    content: { 'application/problem+json': { schema: ref('Problem') } },
  };
  return {
    operationId: route.operation,
    summary: route.summary,
    parameters: [...inPath, ...(route.query === undefined ? [] : queryParameters(route.query))],
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route.body) }),
    responses: { '200': answerOf(route.answer), default: problem },
  };
}

function queryParameters(query: z.ZodType): object[] {
  const { properties = {}, required = [] } = jsonSchemaOf(query) as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function bodyOf(body: z.ZodType): object {
  return { required: true, content: { 'application/json': { schema: jsonSchemaOf(body) } } };
}

function answerOf(answer: Route['answer']): object {
  switch (answer) {
    case 'events':
      return {
        description: 'Events named `execution`.',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      };
    case 'text':
      return { description: 'Text.', content: { 'text/plain': { schema: { type: 'string' } } } };
    case 'bytes':
      return { description: 'Bytes.', content: { 'application/octet-stream': {} } };
    case 'object':
      return { description: 'An object.', content: { 'application/json': { schema: { type: 'object' } } } };
    default:
      return { description: 'The answer.', content: { 'application/json': { schema: ref(answer) } } };
  }
}

/** What callers send: before our transforms. */
function jsonSchemaOf(schema: z.ZodType): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}
