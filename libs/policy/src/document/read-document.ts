import type { JsonObject, JsonValue } from '@writ/encoding';
import type { z } from 'zod';
import { checkDocument } from './check-document.js';
import { documentSchema } from './document-schema.js';
import {
  FINDING_CODES,
  formatPath,
  type DocumentPath,
  type PolicyFindingCode,
  type UnplacedFinding,
} from './finding.js';
import { normalise } from './normalise.js';
import type { PolicyDocument } from './policy-document.js';

export interface DocumentReading {
  /** Present when no finding is an error. */
  readonly document?: PolicyDocument;
  readonly findings: readonly (UnplacedFinding & { readonly severity: 'error' | 'warning' })[];
}

/** Reads a document from its data: fields first, and only where each is right, what they mean together. */
export function readDocument(data: JsonValue): DocumentReading {
  const result = documentSchema.safeParse(data);
  if (!result.success)
    return { findings: result.error.issues.flatMap((issue) => findingsOf(issue, data)).map(withSeverity) };
  const document = normalise(result.data, data as JsonObject);
  const findings = checkDocument(document).map(withSeverity);
  return findings.some(({ severity }) => severity === 'error') ? { findings } : { document, findings };
}

function withSeverity(finding: UnplacedFinding): UnplacedFinding & { readonly severity: 'error' | 'warning' } {
  return { ...finding, severity: FINDING_CODES[finding.code].severity };
}

function findingsOf(issue: z.core.$ZodIssue, data: JsonValue): UnplacedFinding[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const named = (code: PolicyFindingCode, message: string, at: DocumentPath, atName = false): UnplacedFinding => ({
    code,
    message,
    path: at,
    ...(atName && { atName }),
  });
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      named('FIELD_UNKNOWN', `there is no field \`${key.slice(0, 64)}\` here`, [...path, key], true),
    );
  }
  if (!isPresent(data, path)) return [named('FIELD_MISSING', `\`${formatPath(path)}\` is missing`, path)];
  switch (issue.code) {
    case 'invalid_type':
      return [named('FIELD_TYPE', `\`${formatPath(path)}\` must be ${article(issue.expected)}`, path)];
    case 'invalid_key':
      return [named('FIELD_VALUE', 'the name is outside its pattern `[a-z][a-z0-9_]{0,63}`', path, true)];
    case 'invalid_value':
      return [
        named('FIELD_VALUE', `\`${formatPath(path)}\` must be one of ${issue.values.map(String).join(', ')}`, path),
      ];
    case 'invalid_union':
      return [named('FIELD_VALUE', `\`${formatPath(path)}\` has none of the forms that it may have`, path)];
    default:
      return [named('FIELD_VALUE', `\`${formatPath(path)}\` is outside its pattern or range`, path)];
  }
}

function article(expected: string): string {
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

function isPresent(data: JsonValue, path: DocumentPath): boolean {
  let current: unknown = data;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return false;
    current = (current as Readonly<Record<string | number, unknown>>)[part];
  }
  return true;
}
