import { z } from 'zod';

import { BUNDLE_FORMAT, BUNDLE_LIMITS } from './bundle.js';

/** The shape of a bundle file. What one member says of another is checked by `parseBundle` and by the verifier. */

const uint63 = z.string().regex(/^(?:0|[1-9][0-9]{0,18})$/);
const base64Of16 = z.string().regex(/^[A-Za-z0-9+/]{21}[AQgw]==$/);
const base64Of32 = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/);
const base64Of64 = z.string().regex(/^[A-Za-z0-9+/]{85}[AQgw]==$/);
const keyId = z.string().regex(/^[0-9a-f]{16}$/);
const streamName = z.string().min(1).max(512);
/** Of a batch; 2^32 - 1 leaves at most. */
const count = z.int().min(0).max(0xffff_ffff);

const attestation = z
  .strictObject({
    entry: z.string().min(1).max(65_535),
    keyId,
    batch: z.strictObject({ index: count, size: count.min(1), path: z.array(base64Of32).max(32) }),
    signature: base64Of64,
  })
  .describe('docs/spec/attestation.md');

const opening = z.strictObject({ salt: base64Of16, value: z.json() });

const event = z.strictObject({
  type: z.string().regex(/^[A-Z][A-Za-z0-9]{0,63}$/),
  typeVersion: z.int().min(1).max(65_535),
  data: z.string().max(1_048_576).exactOptional().describe('the canonical text of the data, exactly as stored'),
  openings: z.record(z.string(), opening).exactOptional(),
  attestation,
  index: uint63,
  path: z.array(base64Of32).max(BUNDLE_LIMITS.pathHashes),
});

const head = z.strictObject({
  streamRef: streamName,
  lastRevision: uint63,
  treeSize: uint63,
  keyId,
  signature: base64Of64,
});

const stream = { stream: streamName, head, events: z.array(event).min(1).max(BUNDLE_LIMITS.eventsPerStream) };

export const bundleSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  origin: z.string().min(1).max(128),
  tenant: z.string().regex(/^[a-z0-9_]{1,32}$/),
  executionId: z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/),
  checkpoint: z.string().min(1).max(1_000_000).describe('a signed note: docs/spec/checkpoint.md'),
  streams: z.strictObject({
    execution: z.strictObject({ ...stream, salt: base64Of16 }),
    policy: z.strictObject(stream),
    keys: z.strictObject(stream),
  }),
});

/** A bundle as it stands in the file. */
export type BundleJson = z.infer<typeof bundleSchema>;

/** JSON Schema (draft 2020-12) of the file. It holds less than docs/spec/bundle.md: not the canonical form, nothing across members. */
export function bundleJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Writ evidence bundle, version 1',
    ...(z.toJSONSchema(bundleSchema, { io: 'input' }) as Readonly<Record<string, unknown>>),
  };
}
