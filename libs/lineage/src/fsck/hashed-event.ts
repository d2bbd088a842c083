import { canonicalTextOfOwn, textOf, type Commitment } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import {
  attestedEntryIn,
  openingValueText,
  opensText,
  parseMetadata,
  type AttestedEntry,
  type CommitmentName,
  type Opening,
  type Openings,
  type StreamNaming,
} from '@writ/ledger';

/** What stands in metadata beside the attestation. */
interface Beside {
  readonly openings?: Openings;
  readonly streamSalt?: string;
  readonly trace?: string;
}

/** An opening as it is hashed. */
interface SpelledOpening {
  readonly name: string;
  readonly salt: string;
  readonly valueText: string;
}

/** The same, with every value of an opening in the spelling that was read. */
interface SpelledBeside {
  readonly openings: readonly SpelledOpening[];
  readonly streamSalt: string | undefined;
}

const NOTHING_BESIDE: SpelledBeside = { openings: [], streamSalt: undefined };

/**
 * The entry of a stored event, made from the event again and held to the one that its attestation names; and all else in
 * its metadata, which must have the spelling in which they are written, with openings that open commitments of this very
 * event. The data are hashed and not parsed: what they mean was judged by who attested them.
 * @param known how entries name the stream, as its first event told
 * @throws IntegrityError `FOREIGN_EVENT`, `ATTESTATION_INVALID`
 */
export function hashEvent(stored: RecordedEvent, known: StreamNaming | undefined): AttestedEntry {
  const text = textIn(stored.metadata);
  const entry = attestedEntryIn(text, stored, known);
  const { openings, streamSalt } = besideIn(stored, text, entry.attestation.signature);
  if (streamSalt !== undefined) requireSalt(stored, streamSalt, entry.naming);
  if (openings.length > 0) requireOpenings(stored, openings);
  return entry;
}

/** Empty for what is no text. */
function textIn(bytes: Uint8Array): string {
  try {
    return textOf(bytes);
  } catch {
    return '';
  }
}

/** The members behind the attestation, which ends with its signature. */
function besideIn(stored: RecordedEvent, text: string, signature: string): SpelledBeside {
  // The entry before it holds no quote that is not escaped, so this is the first place where it can be.
  const end = `"signature":"${signature}"},`;
  const begin = text.indexOf(end) + end.length;
  const rest = text.slice(begin);
  const beside = begin < end.length ? undefined : rest === '"v":1}' ? NOTHING_BESIDE : readBeside(`{${rest}`);
  if (beside !== undefined) return beside;
  // The strict reader knows what is wrong. It allows other spellings; nobody of ours writes one.
  parseMetadata(stored.metadata);
  throw foreign(stored, 'the event metadata are not in the spelling in which they are written');
}

/**
 * What the platform's parser reads is believed only where writing it out gives the very same text: a name that it
 * dropped or does not know, or a number that it rounded, would not come back.
 */
function readBeside(text: string): SpelledBeside | undefined {
  try {
    const { openings, streamSalt, trace } = JSON.parse(text) as Beside;
    const spelled = openings === undefined ? [] : spelledOpenings(openings);
    const texts = spelled.map(({ name, salt, valueText }) => {
      return `${canonicalTextOfOwn(name)}:{"salt":"${salt}","value":${valueText}}`;
    });
    const written =
      (openings === undefined ? '{' : `{"openings":{${texts.join()}},`) +
      (streamSalt === undefined ? '' : `"streamSalt":"${streamSalt}",`) +
      (trace === undefined ? '' : `"trace":${canonicalTextOfOwn(trace)},`) +
      '"v":1}';
    return written === text && areInOrder(spelled) ? { openings: spelled, streamSalt } : undefined;
  } catch {
    return undefined;
  }
}

function spelledOpenings(openings: Openings): SpelledOpening[] {
  return Object.keys(openings).map((name) => {
    const { salt, value } = openings[name] as Opening;
    return { name, salt, valueText: openingValueText(value) };
  });
}

/** RFC 8785 section 3.2.3: by UTF-16 code units, which is how texts compare. */
function areInOrder(openings: readonly SpelledOpening[]): boolean {
  return openings.every(({ name }, at) => at === 0 || (openings[at - 1]?.name ?? '') < name);
}

function requireSalt(stored: RecordedEvent, brought: string, { salt }: StreamNaming): void {
  // One spelling: what the salt is written as is what was brought.
  const same = salt !== undefined && Buffer.from(salt).toString('base64') === brought;
  if (!same) throw foreign(stored, 'the event brings another salt than that of its stream');
}

/** Each opening opens a commitment of this very event. */
function requireOpenings(stored: RecordedEvent, openings: readonly SpelledOpening[]): void {
  const data = committingData(stored);
  for (const { name, salt, valueText } of openings) {
    const commitment = commitmentNamed(name, data);
    // All events of one report carry the opening of its result, also those that do not commit to it.
    if (commitment === undefined && name === 'result') continue;
    if (commitment === undefined || !opensText(commitment, name as CommitmentName, salt, valueText)) {
      throw foreign(stored, `the opening \`${name}\` does not open what was committed to`);
    }
  }
}

/** The members of event data that hold commitments; those of one event type or another. */
interface Committing {
  readonly intent?: {
    readonly subject: Commitment;
    readonly parameters: Commitment;
    readonly signals: Readonly<Record<string, Commitment>>;
  };
  readonly result?: Commitment | null;
}

/** The platform's parser will do: the data are attested byte by byte. */
function committingData(stored: RecordedEvent): Committing {
  try {
    return JSON.parse(textOf(stored.data)) as Committing;
  } catch (cause) {
    throw foreign(stored, 'the data of the event are no JSON', cause);
  }
}

const SIGNAL = 'signal:';

function commitmentNamed(name: string, { intent, result }: Committing): Commitment | undefined {
  if (name === 'subject') return intent?.subject;
  if (name === 'parameters') return intent?.parameters;
  if (name === 'result') return result ?? undefined;
  if (!name.startsWith(SIGNAL) || intent === undefined) return undefined;
  const signal = name.slice(SIGNAL.length);
  return Object.hasOwn(intent.signals, signal) ? intent.signals[signal] : undefined;
}

function foreign({ stream, revision }: RecordedEvent, message: string, cause?: unknown): IntegrityError {
  return new IntegrityError('FOREIGN_EVENT', message, { stream, revision: revision.toString() }, { cause });
}
