import type { JsonObject, JsonValue } from '@writ/encoding';
import { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments, type Document, type Node, type Pair } from 'yaml';
import { POLICY_LIMITS } from '../limits.js';
import type { DocumentPath, PolicyFindingCode } from './finding.js';
import { placeKey, type SourcePlace, type SourcePlaces } from './json-positions.js';

/** A fault of the text itself, with its offset. */
export interface SourceFault {
  readonly code: PolicyFindingCode;
  readonly message: string;
  readonly offset: number;
}

export type SourceReading =
  | { readonly ok: true; readonly data: JsonValue; readonly places: SourcePlaces }
  | { readonly ok: false; readonly faults: readonly SourceFault[] };

/**
 * Reads YAML 1.2 as far as it says what JSON can say: no anchors, aliases, merge keys, tags, directives or second
 * document, names that are strings, and only scalars that JSON has.
 */
export function readYaml(text: string): SourceReading {
  const deep = indentationBeyond(text);
  if (deep !== undefined)
    return { ok: false, faults: [fault('SOURCE_DEPTH', 'the document is nested too deeply', deep)] };
  const [document, second] = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    // Checked below, in linear time; the library compares every name with every other.
    uniqueKeys: false,
    prettyErrors: false,
    merge: false,
    resolveKnownTags: false,
    intAsBigInt: false,
    logLevel: 'silent',
  });
  if (document === undefined) return { ok: false, faults: [fault('SOURCE_SYNTAX', 'the document is empty', 0)] };
  if (second !== undefined)
    return { ok: false, faults: [fault('SOURCE_FEATURE', 'only one document', second.range[0])] };
  const broken = [...document.errors, ...document.warnings].map(({ code, pos }) => {
    if (code === 'TAG_RESOLVE_FAILED') return fault('SOURCE_FEATURE', 'policies have no tags', pos[0]);
    return fault('SOURCE_SYNTAX', 'the text is not YAML', pos[0]);
  });
  if (broken.length > 0) return { ok: false, faults: broken };
  return new YamlReader().read(document);
}

class YamlReader {
  readonly #faults: SourceFault[] = [];
  readonly #places = new Map<string, SourcePlace>();

  read(document: Document.Parsed): SourceReading {
    if (document.directives.yaml.explicit === true) this.#fault('SOURCE_FEATURE', 'policies have no directives', 0);
    if (document.contents === null) this.#fault('SOURCE_SYNTAX', 'the document is empty', 0);
    const data = this.#value(document.contents, [], undefined);
    return this.#faults.length > 0 ? { ok: false, faults: this.#faults } : { ok: true, data, places: this.#places };
  }

  #value(node: Node | null, path: DocumentPath, nameStart: number | undefined): JsonValue {
    const [start = nameStart ?? 0, end = start] = node?.range ?? [];
    this.#places.set(placeKey(path), { start, end, ...(nameStart !== undefined && { nameStart }) });
    if (node === null) return null;
    if (path.length > POLICY_LIMITS.documentDepth) {
      this.#fault('SOURCE_DEPTH', 'the document is nested too deeply', start);
      return null;
    }
    if (isAlias(node)) {
      this.#fault('SOURCE_FEATURE', 'policies have no aliases', start);
      return null;
    }
    if ('anchor' in node && node.anchor !== undefined) this.#fault('SOURCE_FEATURE', 'policies have no anchors', start);
    if ('tag' in node && node.tag !== undefined) this.#fault('SOURCE_FEATURE', 'policies have no tags', start);
    if (isMap(node)) return this.#mapping(node.items as Pair<Node, Node | null>[], path);
    if (isSeq(node)) return node.items.map((item, index) => this.#item(item, [...path, index], start));
    return isScalar(node) ? this.#scalar(node.value, start) : null;
  }

  #item(item: unknown, path: DocumentPath, start: number): JsonValue {
    if (!isPair(item)) return this.#value(item as Node | null, path, undefined);
    // `[a: 1]` is a one-member mapping in YAML; it is more often a mistake than meant.
    this.#fault('SOURCE_FEATURE', 'a mapping in a list needs braces', start);
    return null;
  }

  #mapping(pairs: readonly Pair<Node, Node | null>[], path: DocumentPath): JsonObject {
    const members = Object.create(null) as Record<string, JsonValue>;
    for (const { key, value } of pairs) {
      const at = key.range?.[0] ?? 0;
      if (!isScalar(key) || typeof key.value !== 'string') {
        this.#fault('SOURCE_VALUE', 'a name must be a string', at);
      } else if (key.anchor !== undefined || key.tag !== undefined) {
        this.#fault('SOURCE_FEATURE', 'policies have no anchors and no tags', at);
      } else if (key.value === '<<') {
        this.#fault('SOURCE_FEATURE', 'policies have no merge keys', at);
      } else if (['__proto__', 'constructor', 'prototype'].includes(key.value)) {
        this.#fault('SOURCE_NAME_FORBIDDEN', `\`${key.value}\` cannot be a name`, at);
      } else if (Object.hasOwn(members, key.value)) {
        this.#fault('SOURCE_DUPLICATE_NAME', 'the name stands here before', at);
      } else {
        members[key.value] = this.#value(value, [...path, key.value], at);
      }
    }
    return members;
  }

  #scalar(value: unknown, start: number): JsonValue {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    // Canonical JSON refuses integers that a double cannot hold; say so here, where the place is known.
    if (
      typeof value === 'number' &&
      Number.isFinite(value) &&
      (!Number.isInteger(value) || Number.isSafeInteger(value))
    )
      return value;
    this.#fault('SOURCE_VALUE', 'JSON has no such value', start);
    return null;
  }

  #fault(code: PolicyFindingCode, message: string, offset: number): void {
    this.#faults.push(fault(code, message, offset));
  }
}

function fault(code: PolicyFindingCode, message: string, offset: number): SourceFault {
  return { code, message, offset };
}

/** The offset where flow brackets or block indentation nest beyond what any document needs; the parser recurses. */
function indentationBeyond(text: string): number | undefined {
  let depth = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text[offset];
    if (character === '[' || character === '{') depth += 1;
    else if ((character === ']' || character === '}') && depth > 0) depth -= 1;
    if (depth > 512) return offset;
  }
  return /^(?: {256}|(?:- ?){64})/m.exec(text)?.index;
}
