import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  COSIGNATURE_V1_TYPE,
  cosignatureMessage,
  ED25519_TYPE,
  encodeCosignature,
  formatCheckpoint,
  formatNote,
  verifierKey,
  type VerifierKey,
} from '@writ/checkpoint';
import {
  canonicalise,
  formatDigest,
  parseEventId,
  parseJson,
  sha256,
  textOf,
  toBase64,
  utf8,
  type JsonObject,
} from '@writ/encoding';
import { attestationMessage, streamHeadMessage, type Bundle, type BundleStream } from '@writ/evidence';
import {
  encodeMetadata,
  entryOf,
  executionStream,
  keysStream,
  openEvent,
  parseEntry,
  policyStream,
  prepare,
  streamRefOf,
  type Attestation,
  type Fact,
  type Openings,
  type StoredEvent,
} from '@writ/ledger';
import { inclusionPath, rootOf, type Hash } from '@writ/merkle';
import { nobleSigner, type Signer } from '@writ/signing';

export const ORIGIN = 'ledger.example/golden';
export const TENANT = 'acme' as Bundle['tenant'];
export const POLICY = 'loan-approval';
/** When the witnesses cosigned, in seconds since 1970 UTC. */
export const COSIGNED_AT = 1_768_500_000;

/** One event of a ledger, with everything that a bundle shows of it. */
export interface LoggedEvent {
  readonly stream: string;
  /** Of a salted stream. */
  readonly salt?: Uint8Array;
  readonly type: string;
  readonly typeVersion: number;
  /** Canonical JSON text. */
  readonly data: string;
  readonly openings?: Openings;
  readonly attestation: Attestation;
}

/** As the store has it, one object a line. */
interface StoredLine {
  readonly stream: string;
  readonly revision: string;
  readonly eventId: string;
  readonly type: string;
  readonly typeVersion: number;
  readonly data: string;
  readonly metadata: string;
}

/** Attestation keys; the first is the one that the ledger began with. */
export const signers: readonly Signer[] = [0x21, 0x22, 0x23].map((byte) => nobleSigner(new Uint8Array(32).fill(byte)));
export const [firstSigner, secondSigner, strangeSigner] = signers as [Signer, Signer, Signer];

interface NoteSigner {
  readonly key: VerifierKey;
  readonly secret: KeyObject;
}

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function noteSigner(name: string, byte: number, type: number): NoteSigner {
  const der = Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, byte)]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  return { key: verifierKey(name, type, new Uint8Array(spki.subarray(-32))), secret };
}

export const log = noteSigner(ORIGIN, 0x31, ED25519_TYPE);
export const witnesses = [
  noteSigner('witness.example/w1', 0x32, COSIGNATURE_V1_TYPE),
  noteSigner('witness.example/w2', 0x33, COSIGNATURE_V1_TYPE),
];

/** The events of a history, as the store has them. */
export function readStored(path: string): StoredEvent[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { revision, data, metadata, ...rest } = JSON.parse(line) as StoredLine;
      return { ...rest, revision: BigInt(revision), data: utf8(data), metadata: utf8(metadata) };
    });
}

/** Reads a history; every event must open, as it must for ever. */
export function readHistory(path: string): LoggedEvent[] {
  const salts = new Map<string, Uint8Array | undefined>();
  return readStored(path).map((stored) => {
    const { stream, type, typeVersion, data } = stored;
    const { attestation, openings, streamSalt: salt } = openEvent(stored, salts.get(stream));
    salts.set(stream, salt);
    const kept = { stream, type, typeVersion, data: textOf(data), attestation, openings };
    return salt === undefined ? kept : { ...kept, salt };
  });
}

/** The lines of a history, as `readHistory` reads them. */
export function historyText(events: readonly LoggedEvent[]): string {
  return events
    .map(({ stream, salt, type, typeVersion, data, openings = {}, attestation }) => {
      const { eventId, revision } = parseEntry(utf8(attestation.entry));
      const metadata = encodeMetadata({
        attestation,
        ...(salt === undefined || revision !== 0n ? {} : { streamSalt: salt }),
        ...(Object.keys(openings).length === 0 ? {} : { openings }),
      });
      const line = { stream, revision: String(revision), eventId, type, typeVersion, data, metadata: textOf(metadata) };
      return `${JSON.stringify(line)}\n`;
    })
    .join('');
}

/** What may be changed of an event before it is attested anew: honest where a key was rotated, a lie elsewhere. */
export interface Change {
  readonly data?: (data: JsonObject) => JsonObject;
  readonly openings?: Openings;
  readonly revision?: bigint;
  readonly type?: string;
  readonly signer?: Signer;
  /** Differs for a copy of an event. */
  readonly eventId?: string;
  readonly recordedAtMs?: number;
}

/** The event with the change, its entry computed and signed again, alone. */
export function attestAnew(event: LoggedEvent, change: Change = {}): LoggedEvent {
  const { signer = firstSigner, type = event.type, openings = event.openings } = change;
  const before = parseJson(utf8(event.data)) as JsonObject;
  const data = canonicalise(change.data?.(before) ?? before);
  const entry = parseEntry(utf8(event.attestation.entry));
  const { text, leafHash } = entryOf({
    ...entry,
    type,
    revision: change.revision ?? entry.revision,
    eventId: (change.eventId ?? entry.eventId) as typeof entry.eventId,
    recordedAtMs: change.recordedAtMs ?? entry.recordedAtMs,
    dataDigest: formatDigest(sha256(data)),
  });
  const signature = toBase64(signer.sign(attestationMessage(ORIGIN, 1, leafHash)));
  const attestation = { entry: text, keyId: signer.keyId, batch: { index: 0, size: 1, path: [] }, signature };
  return { ...event, type, data: textOf(data), attestation, ...(openings === undefined ? {} : { openings }) };
}

interface Place {
  readonly stream: string;
  readonly revision: bigint;
  readonly recordedAtMs: number;
  readonly signer?: Signer;
}

/** A fact as the event at that place of a stream that has no salt. Its id and nonce follow from the place. */
export function sealed(fact: Fact, { stream, revision, recordedAtMs, signer = firstSigner }: Place): LoggedEvent {
  const tail = revision.toString(16).padStart(12, '0');
  const category = stream.startsWith('keys-') ? '7000' : '7001';
  const { type, typeVersion, data, entryText, leafHash } = prepare(fact, {
    stream,
    streamRef: stream,
    revision,
    recordedAtMs,
    eventId: parseEventId(`019bc186-f000-${category}-8000-${tail}`),
    nonce: sha256(utf8(`nonce ${tail}`)).slice(0, 16),
  });
  const signature = toBase64(signer.sign(attestationMessage(ORIGIN, 1, leafHash)));
  const attestation = { entry: entryText, keyId: signer.keyId, batch: { index: 0, size: 1, path: [] }, signature };
  return { stream, type, typeVersion, data: textOf(data), attestation };
}

/** The tree over a log. */
export function leavesOf(events: readonly LoggedEvent[]): Hash[] {
  return events.map(({ attestation }) => sha256(Uint8Array.of(0), utf8(attestation.entry)));
}

/** A checkpoint over the first `size` events, or over whatever else is said, signed by the log and `cosigned` witnesses. */
export function checkpointOf(
  events: readonly LoggedEvent[],
  { cosigned = 2, size = events.length, origin = ORIGIN, rootHash = rootOf(leavesOf(events.slice(0, size))) } = {},
): string {
  const text = formatCheckpoint({ origin, sizeLeaves: BigInt(size), rootHash, extensions: [] });
  const signed = ({ secret }: NoteSigner, message: Uint8Array): Uint8Array =>
    new Uint8Array(sign(null, message, secret));
  const own = origin === ORIGIN ? log : noteSigner(origin, 0x31, ED25519_TYPE);
  const lines = witnesses.slice(0, cosigned).map((witness, at) => {
    const timeSeconds = COSIGNED_AT + at;
    const cosignature = { timeSeconds, signature64: signed(witness, cosignatureMessage(timeSeconds, text)) };
    return { name: witness.key.name, keyId: witness.key.keyId, signature: encodeCosignature(cosignature) };
  });
  return formatNote({
    text,
    signatures: [{ name: own.key.name, keyId: own.key.keyId, signature: signed(own, utf8(text)) }, ...lines],
  });
}

interface BundleOptions {
  /** Leaves that the checkpoint covers; all without it. */
  readonly size?: number;
  readonly checkpoint?: string;
  /** Names of openings that are left out; `'all'`. */
  readonly withhold?: readonly string[] | 'all';
  /** Signs the heads. */
  readonly signer?: Signer;
}

/** What the ledger hands out of one execution. */
export function bundleOf(events: readonly LoggedEvent[], executionId: string, options: BundleOptions = {}): Bundle {
  const { size = events.length, signer = firstSigner, withhold = [] } = options;
  const covered = events.slice(0, size);
  const id = executionId as Bundle['executionId'];
  const stream = (name: string): BundleStream => bundleStream(covered, name, { signer, withhold });
  const execution = stream(executionStream(TENANT, id));
  const versions = new Set(execution.events.map(({ data = 'null' }) => versionThatDecided(data)));
  const policy = stream(policyStream(TENANT, POLICY as never));
  return {
    origin: ORIGIN,
    tenant: TENANT,
    executionId: id,
    checkpoint: options.checkpoint ?? checkpointOf(events, { size }),
    streams: {
      execution,
      policy: { ...policy, events: policy.events.map((event) => withoutForeignDocument(event, versions)) },
      keys: stream(keysStream(ORIGIN)),
    },
  };
}

/** A stream of a bundle: its events with their proofs, under a signed head. */
export function bundleStream(
  events: readonly LoggedEvent[],
  stream: string,
  { signer = firstSigner, withhold = [] }: Pick<BundleOptions, 'signer' | 'withhold'> = {},
): BundleStream {
  const leaves = leavesOf(events);
  const own = events.flatMap((event, index) => (event.stream === stream ? [{ event, index }] : []));
  const salt = own[0]?.event.salt;
  const end = {
    streamRef: streamRefOf(stream, salt),
    lastRevision: BigInt(own.length - 1),
    treeSize: BigInt(events.length),
  };
  return {
    stream,
    ...(salt === undefined ? {} : { salt }),
    head: { ...end, keyId: signer.keyId, signature: toBase64(signer.sign(streamHeadMessage(ORIGIN, end))) },
    events: own.map(({ event: { type, typeVersion, data, openings = {}, attestation }, index }) => {
      const shown = Object.entries(openings).filter(([name]) => withhold !== 'all' && !withhold.includes(name));
      return {
        type,
        typeVersion,
        data,
        ...(shown.length === 0 ? {} : { openings: Object.fromEntries(shown) }),
        attestation,
        index: BigInt(index),
        path: inclusionPath(leaves, index),
      };
    }),
  };
}

type BundleEvent = BundleStream['events'][number];

/** Documents that decided nothing here stay at home. */
function withoutForeignDocument({ data, ...event }: BundleEvent, versions: ReadonlySet<unknown>): BundleEvent {
  const keeps = event.type !== 'PolicyPublished' || versions.has((JSON.parse(data ?? '{}') as JsonObject)['version']);
  return keeps && data !== undefined ? { ...event, data } : event;
}

function versionThatDecided(data: string): unknown {
  return (JSON.parse(data) as { policy?: { version?: unknown } | null }).policy?.version;
}
