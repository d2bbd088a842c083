import { LedgerError } from '@writ/errors';
import { canonicalText, digestOf, parseJson, utf8, type Digest } from '@writ/encoding';
import { POLICY_LIMITS } from '../limits.js';
import {
  FINDING_CODES,
  formatPath,
  type PolicyFinding,
  type PolicyFindingCode,
  type UnplacedFinding,
} from './finding.js';
import { jsonPlaces, placeKey, type SourcePlaces } from './json-positions.js';
import { placeInExpression } from './place-in-expression.js';
import type { PolicyDocument } from './policy-document.js';
import { readDocument } from './read-document.js';
import { readYaml, type SourceFault, type SourceReading } from './yaml-source.js';

export type PolicyFormat = 'yaml' | 'json' | 'auto';

export interface ParsedPolicy {
  /** Present only when no finding is an error. */
  readonly document?: PolicyDocument;
  /** SHA-256 over `canonical`; present with `document`. */
  readonly digest?: Digest;
  /** The source document as canonical JSON: what is stored, signed and read back with `parsePolicy(…, 'json')`. */
  readonly canonical?: string;
  /** All findings, in the order of the text. */
  readonly findings: readonly PolicyFinding[];
}

/**
 * Reads a policy document and says everything that is wrong with it. The digest is over the document as data, before
 * defaults: YAML and JSON that say the same have the same digest. `auto` takes a text that starts with `{` for JSON.
 * Never throws.
 */
export function parsePolicy(text: string, format: PolicyFormat): ParsedPolicy {
  const source = readSource(text, format);
  if (!source.ok)
    return {
      findings: source.faults
        .slice(0, POLICY_LIMITS.findings)
        .map((fault) => placed(text, fault.code, fault.message, fault.offset, '')),
    };
  const { document, findings } = readDocument(source.data);
  const sorted = findings
    .map((found) => ({ found, offset: offsetOfFinding(text, source.places, found) }))
    .sort((left, right) => left.offset - right.offset)
    .slice(0, POLICY_LIMITS.findings)
    .map(({ found, offset }) => placed(text, found.code, found.message, offset, formatPath(found.path)));
  if (document === undefined) return { findings: sorted };
  return { document, digest: digestOf(document.source), canonical: canonicalText(document.source), findings: sorted };
}

function readSource(text: string, format: PolicyFormat): SourceReading {
  // The character count first: encoding a huge text only to measure it would be the attack.
  if (text.length > POLICY_LIMITS.documentBytes) return tooLarge();
  try {
    if (utf8(text).length > POLICY_LIMITS.documentBytes) return tooLarge();
    const isJson = format === 'json' || (format === 'auto' && /^\s*\{/.test(text));
    return isJson ? readJson(text) : checkedYaml(text);
  } catch (error) {
    return { ok: false, faults: [faultOf(error)] };
  }
}

function tooLarge(): SourceReading {
  const message = `a document has at most ${POLICY_LIMITS.documentBytes} bytes`;
  return { ok: false, faults: [{ code: 'SOURCE_TOO_LARGE', message, offset: 0 }] };
}

function readJson(text: string): SourceReading {
  const data = parseJson(text, { maxBytes: POLICY_LIMITS.documentBytes, maxDepth: POLICY_LIMITS.documentDepth });
  return { ok: true, data, places: jsonPlaces(text) };
}

/** What YAML let pass must have a canonical form too: lone surrogates and noncharacters have none. */
function checkedYaml(text: string): SourceReading {
  const reading = readYaml(text);
  if (reading.ok) canonicalText(reading.data);
  return reading;
}

function faultOf(error: unknown): SourceFault {
  if (!(error instanceof LedgerError)) return { code: 'SOURCE_SYNTAX', message: 'the text cannot be read', offset: 0 };
  const { offset } = error.details;
  return { code: findingCodeOf(error.code), message: error.message, offset: typeof offset === 'number' ? offset : 0 };
}

function findingCodeOf(code: string): PolicyFindingCode {
  switch (code) {
    case 'JSON_DUPLICATE_NAME':
      return 'SOURCE_DUPLICATE_NAME';
    case 'JSON_NAME_FORBIDDEN':
      return 'SOURCE_NAME_FORBIDDEN';
    case 'JSON_DEPTH':
      return 'SOURCE_DEPTH';
    case 'JSON_SIZE':
      return 'SOURCE_TOO_LARGE';
    case 'JSON_NUMBER_RANGE':
    case 'JSON_STRING_INVALID':
    case 'JSON_UNREPRESENTABLE':
      return 'SOURCE_VALUE';
    default:
      return 'SOURCE_SYNTAX';
  }
}

/** The offset of a finding; of the nearest thing around it where it is about something absent. */
function offsetOfFinding(text: string, places: SourcePlaces, { path, atName, offset }: UnplacedFinding): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = places.get(placeKey(path.slice(0, length)));
    if (place === undefined) continue;
    if (length < path.length) return place.start;
    if (atName === true) return place.nameStart ?? place.start;
    return offset === undefined ? place.start : placeInExpression(text, place, offset);
  }
  return 0;
}

function placed(text: string, code: PolicyFindingCode, message: string, offset: number, path: string): PolicyFinding {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return { severity: FINDING_CODES[code].severity, code, message, line, column: offset - lineStart + 1, path };
}
