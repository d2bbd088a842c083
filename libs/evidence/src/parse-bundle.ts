import { canonicalise, parseBase64, parseCanonical, toBase64 } from '@writ/encoding';
import type { ExecutionId, KeyId, Tenant } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';
import {
  executionStream,
  keysStream,
  parseAttestation,
  parseOrigin,
  parseStreamName,
  policyStream,
  SALT_BYTES,
} from '@writ/ledger';
import { z } from 'zod';

import { BUNDLE_FORMAT, BUNDLE_LIMITS, type Bundle, type BundleEvent, type BundleStream } from './bundle.js';
import { bundleSchema, type BundleJson } from './bundle-schema.js';

const HASH_BYTES = 32;
type StreamJson = Omit<BundleJson['streams']['execution'], 'salt'> & { readonly salt?: string };
type EventJson = StreamJson['events'][number];

/**
 * Reads a bundle in its one form: canonical JSON (RFC 8785) with exactly the members of docs/spec/bundle.md, within
 * `BUNDLE_LIMITS`, each stream under its own name. Verifies nothing. Throws BUNDLE_INVALID, whatever the bytes are.
 */
export function parseBundle(bytes: Uint8Array): Bundle {
  try {
    const { bytes: maxBytes, depth: maxDepth } = BUNDLE_LIMITS;
    const json = bundleSchema.parse(parseCanonical(bytes, { maxBytes, maxDepth }));
    const { execution, policy, keys } = json.streams;
    const bundle: Bundle = {
      origin: parseOrigin(json.origin),
      // The schema has matched both against their patterns.
      tenant: json.tenant as Tenant,
      executionId: json.executionId as ExecutionId,
      checkpoint: json.checkpoint,
      streams: { execution: streamOf(execution), policy: streamOf(policy), keys: streamOf(keys) },
    };
    requireNames(bundle);
    requireData(bundle);
    return bundle;
  } catch (cause) {
    throw invalid(cause);
  }
}

/** The file of a bundle, exactly as `parseBundle` reads it. Throws BUNDLE_INVALID where it would not. */
export function encodeBundle({ origin, tenant, executionId, checkpoint, streams }: Bundle): Uint8Array {
  const { execution, policy, keys } = streams;
  const json = {
    format: BUNDLE_FORMAT,
    origin,
    tenant,
    executionId,
    checkpoint,
    streams: { execution: jsonOfStream(execution), policy: jsonOfStream(policy), keys: jsonOfStream(keys) },
  };
  let bytes: Uint8Array;
  try {
    bytes = canonicalise(json, { maxDepth: BUNDLE_LIMITS.depth });
  } catch (cause) {
    throw invalid(cause);
  }
  parseBundle(bytes);
  return bytes;
}

function streamOf({ stream, salt, head, events }: StreamJson): BundleStream {
  const { streamRef, lastRevision, treeSize, keyId, signature } = head;
  return {
    stream,
    ...(salt === undefined ? {} : { salt: parseBase64(salt, SALT_BYTES) }),
    head: {
      streamRef,
      lastRevision: BigInt(lastRevision),
      treeSize: BigInt(treeSize),
      keyId: keyId as KeyId,
      signature,
    },
    events: events.map(eventOf),
  };
}

function eventOf({ type, typeVersion, data, openings, attestation, index, path }: EventJson): BundleEvent {
  return {
    type,
    typeVersion,
    ...(data === undefined ? {} : { data }),
    ...(openings === undefined ? {} : { openings: openings }),
    attestation: parseAttestation(attestation),
    index: BigInt(index),
    path: path.map((hash) => parseBase64(hash, HASH_BYTES)),
  };
}

function jsonOfStream({ stream, salt, head, events }: BundleStream): StreamJson {
  const { streamRef, lastRevision, treeSize, keyId, signature } = head;
  return {
    stream,
    ...(salt === undefined ? {} : { salt: toBase64(salt) }),
    head: { streamRef, lastRevision: String(lastRevision), treeSize: String(treeSize), keyId, signature },
    events: events.map(jsonOfEvent),
  };
}

function jsonOfEvent({ type, typeVersion, data, openings, attestation, index, path }: BundleEvent): EventJson {
  const { entry, keyId, batch, signature } = attestation;
  return {
    type,
    typeVersion,
    ...(data === undefined ? {} : { data }),
    ...(openings === undefined ? {} : { openings: openings as NonNullable<EventJson['openings']> }),
    attestation: {
      entry,
      keyId,
      batch: { index: batch.index, size: batch.size, path: [...batch.path] },
      signature,
    },
    index: String(index),
    path: path.map(toBase64),
  };
}

/** A bundle is about one execution, one policy and the keys of one ledger; no stream can stand in for another. */
function requireNames({ origin, tenant, executionId, streams }: Bundle): void {
  if (streams.execution.stream !== executionStream(tenant, executionId)) refuse('streams.execution.stream');
  if (streams.keys.stream !== keysStream(origin)) refuse('streams.keys.stream');
  const policy = parseStreamName(streams.policy.stream);
  if (policy.kind !== 'policy' || streams.policy.stream !== policyStream(tenant, policy.policyId)) {
    refuse('streams.policy.stream');
  }
}

/**
 * Data may be left out where they decide nothing. Openings belong to what commits to something; an empty object of them
 * would be a second spelling of none.
 */
function requireData({ streams }: Bundle): void {
  for (const [role, { events }] of Object.entries(streams)) {
    for (const [at, { type, data, openings }] of events.entries()) {
      const place = `streams.${role}.events.${String(at)}`;
      if (data === undefined && !(role === 'policy' && type === 'PolicyPublished')) refuse(`${place}.data`);
      if (openings === undefined) continue;
      if (role !== 'execution' || Object.keys(openings).length === 0) refuse(`${place}.openings`);
    }
  }
}

function refuse(field: string): never {
  throw new RejectedError('BUNDLE_INVALID', `\`${field}\` of the bundle is not as specified`, { field });
}

function invalid(cause: unknown): RejectedError {
  if (cause instanceof RejectedError && cause.code === 'BUNDLE_INVALID') return cause;
  const because = cause instanceof LedgerError ? cause.code : 'SHAPE';
  const field = cause instanceof z.ZodError ? cause.issues[0]?.path.join('.') : undefined;
  const details = { because, ...(field === undefined ? {} : { field }) };
  return new RejectedError('BUNDLE_INVALID', 'the file is not a bundle in its one form', details, { cause });
}
