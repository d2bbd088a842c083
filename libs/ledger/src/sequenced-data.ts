import { textOf } from '@writ/encoding';
import type { EventId } from '@writ/encoding';

import type { EventCatalogue, SequencedRef } from './events.js';

/** What a store takes for one event; nothing longer is read here. */
const MAX_BYTES = 524_288;

const COUNTER = '(0|[1-9][0-9]{0,18})';
const UUID_V7 = '([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})';
const BASE64_OF_16 = '([A-Za-z0-9+/]{21}[AQgw]==)';
const BASE64_OF_32 = '([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)';
/** Visible ASCII that stands in JSON as it is: all that our names are made of. */
const PLAIN_TEXT = '([ !#-\\[\\]-~]*)';

const BEGIN = new RegExp(`^\\{"firstIndex":"${COUNTER}","nonce":"${BASE64_OF_16}","origin":"${PLAIN_TEXT}","refs":\\[`);
const REF = new RegExp(
  `\\{"eventId":"${UUID_V7}","leafHash":"${BASE64_OF_32}","revision":"${COUNTER}","stream":"${PLAIN_TEXT}"\\}([,\\]])`,
  'y',
);
const END = new RegExp(`,"root":"${BASE64_OF_32}","through":"${COUNTER}","treeSize":"${COUNTER}"\\}$`, 'y');

/**
 * The data of an `EntriesSequenced` in the one form that we write: canonical because nothing else matches. Some thousand
 * refs go through here for each, one after another, where the schema would build and walk each several times.
 *
 * `undefined` for everything else, be it wrong or only unusual: the schema decides about that.
 */
export function sequencedData(
  data: Uint8Array,
  maxRefs: number,
): (EventCatalogue['EntriesSequenced'] & { readonly nonce: string }) | undefined {
  if (data.length > MAX_BYTES) return undefined;
  const text = textOf(data);
  const begin = BEGIN.exec(text);
  if (begin === null) return undefined;
  const [whole, firstIndex = '', nonce = '', origin = ''] = begin;
  const read = refsAt(text, whole.length, maxRefs);
  if (read === undefined) return undefined;
  END.lastIndex = read.end;
  const end = END.exec(text);
  if (end === null) return undefined;
  const [, root = '', through = '', treeSize = ''] = end;
  return { nonce, origin, firstIndex, treeSize, root, through, refs: read.refs };
}

/** The refs that begin here, and where the row of them ends. */
function refsAt(text: string, begin: number, maxRefs: number): { refs: SequencedRef[]; end: number } | undefined {
  const refs: SequencedRef[] = [];
  REF.lastIndex = begin;
  while (refs.length < maxRefs) {
    const match = REF.exec(text);
    if (match === null) return undefined;
    const [, eventId = '', leafHash = '', revision = '', stream = '', next] = match;
    refs.push({ stream, revision, eventId: eventId as EventId, leafHash });
    if (next === ']') return { refs, end: REF.lastIndex };
  }
  return undefined;
}
