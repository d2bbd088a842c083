import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatCheckpoint, formatNote } from '@writ/checkpoint';
import { canonicalise, textOf, toBase64, utf8, type EventId } from '@writ/encoding';
import type { EventStore, ReadAllOptions, ReadStreamOptions, RecordedEvent } from '@writ/event-store';
import {
  commit,
  encodeMetadata,
  executionStream,
  keysStream,
  lineageStream,
  prepareAll,
  type EventType,
  type Fact,
  type Openings,
  type PreparedEvent,
} from '@writ/ledger';
import { entriesPath, encodeEntryBundle, growTiles, LogTree, TILE_WIDTH, tilePath, type Hash } from '@writ/merkle';
import { createAttestor, NoteKey, type Attestor } from '@writ/signing';
import type { FsckTrust } from './fsck.js';

export const ORIGIN = 'ledger.test/one';
const START_MS = Date.UTC(2026, 0, 15, 12);
const DIGEST = `sha256:${'a'.repeat(64)}`;
const ACTOR = { id: 'service-a', role: 'caller' };

/** A store whose content a test can change behind its back, as who owns the disk can. */
export class LooseStore implements Pick<EventStore, 'readAll' | 'readStream'> {
  /** In commit order. */
  events: RecordedEvent[] = [];

  async readAll({ after = 0n, maxCount }: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    // Positions ascend by 10 from 10.
    const found = this.events.slice(Number(after / 10n));
    return found.filter(({ position }) => position > after).slice(0, maxCount);
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly RecordedEvent[]> {
    const { fromRevision = 0n, maxCount = 4_096 } = options;
    return this.events
      .filter((event) => event.stream === stream && event.revision >= fromRevision)
      .sort((a, b) => Number(a.revision - b.revision))
      .slice(0, maxCount);
  }

  /** Gives positions anew, after events were moved. */
  renumber(): void {
    this.events = this.events.map((event, at) => ({ ...event, position: BigInt((at + 1) * 10) }));
  }
}

/** A ledger's history: its store, its folders, whom to trust; and the means to go on with it. */
export interface History {
  readonly store: LooseStore;
  readonly trust: FsckTrust;
  readonly lineageDir: string;
  /** Appends executions of two or three events each, `batch` of them attested at a time. */
  execute(count: number, batch?: number): Promise<void>;
  /** Sequences everything that is not, and writes its tiles. */
  sequence(): Promise<void>;
  /** Signs the tree as it is, writes the note and its event. */
  publish(): Promise<void>;
  /** Appends one attested event of any kind. */
  append(stream: string, fact: Fact, attestor?: Attestor): Promise<void>;
  readonly attestor: Attestor;
  readonly note: () => string;
  /** What a mark of the tree as it is would say. */
  readonly markText: () => string;
  close(): Promise<void>;
}

/** Deterministic: the same calls make the same bytes. */
export async function beginHistory(secretByte = 7): Promise<History> {
  const attestor = await createAttestor({
    secretKey: new Uint8Array(32).fill(secretByte),
    origin: ORIGIN,
    worker: false,
  });
  const checkpointKey = new NoteKey('checkpoint', ORIGIN, new Uint8Array(32).fill(secretByte + 1), START_MS);
  const store = new LooseStore();
  const lineageDir = mkdtempSync(join(tmpdir(), 'writ-fsck-'));
  const tree = new LogTree();
  const entries: Uint8Array[] = [];
  const files = new Map<string, Uint8Array>();
  let sequencedEvents = 0;
  let drawn = 0;
  let executions = 0;
  let note = '';

  const draw = (length: number): Uint8Array => {
    drawn += 1;
    return new Uint8Array(hash('sha256', `drawn ${String(drawn)}`, 'buffer').subarray(0, length));
  };
  const nextId = (): EventId => {
    drawn += 1;
    return `018f0000-0000-7000-8000-${drawn.toString(16).padStart(12, '0')}` as EventId;
  };
  const write = (path: string, bytes: Uint8Array | string): void => {
    mkdirSync(dirname(join(lineageDir, path)), { recursive: true });
    writeFileSync(join(lineageDir, path), bytes);
  };
  const nextRevision = (stream: string): bigint => {
    let next = 0n;
    for (const event of store.events) if (event.stream === stream) next = event.revision + 1n;
    return next;
  };

  interface ToAppend {
    readonly prepared: PreparedEvent;
    readonly openings?: Openings;
    readonly streamSalt?: Uint8Array;
  }
  const attestAndStore = async (group: readonly ToAppend[], by: Attestor = attestor): Promise<void> => {
    const attestations = await by.attest(group.map(({ prepared }) => prepared));
    group.forEach(({ prepared, openings, streamSalt }, at) => {
      const { stream, type, typeVersion, data, event } = prepared;
      const attestation = attestations[at];
      if (attestation === undefined) throw new Error('one attestation for each');
      store.events.push({
        ...{ stream, type, typeVersion, data, eventId: event.eventId, revision: event.revision },
        position: BigInt((store.events.length + 1) * 10),
        metadata: encodeMetadata({
          attestation,
          ...(openings === undefined ? {} : { openings }),
          ...(streamSalt === undefined ? {} : { streamSalt }),
        }),
      });
    });
  };
  const prepareFacts = (stream: string, facts: readonly Fact[], firstRevision: bigint, streamSalt?: Uint8Array) =>
    prepareAll(facts, {
      ...{ stream, firstRevision, recordedAtMs: START_MS + drawn },
      ...(streamSalt === undefined ? {} : { streamSalt }),
      identify: () => ({ eventId: nextId(), nonce: draw(16) }),
    });
  const append = async (stream: string, fact: Fact, by?: Attestor): Promise<void> => {
    const [prepared] = prepareFacts(stream, [fact], nextRevision(stream));
    if (prepared !== undefined) await attestAndStore([{ prepared }], by);
  };

  const history: History = {
    store,
    attestor,
    lineageDir,
    append,
    note: () => note,
    markText: () =>
      textOf(
        canonicalise({
          ...{ format: 'writ/mark/v1', vkey: checkpointKey.vkey },
          ...{ sizeLeaves: String(tree.sizeLeaves), root: toBase64(tree.root()) },
        }),
      ),
    trust: {
      origin: ORIGIN,
      keys: [{ keyId: attestor.keyId, publicKey: attestor.publicKey }],
      policy: { logs: [{ key: checkpointKey.key }], witnesses: [], quorum: { kind: 'none' } },
    },

    async execute(count, batch = 8) {
      for (let done = 0; done < count; done += batch) {
        const group: ToAppend[] = [];
        for (let at = 0; at < Math.min(batch, count - done); at++) {
          executions += 1;
          group.push(...executionOf(executions, draw, nextId, prepareFacts));
        }
        await attestAndStore(group);
      }
    },

    async sequence() {
      const fresh = store.events.slice(sequencedEvents);
      sequencedEvents = store.events.length;
      const leaves = fresh.filter(({ stream }) => stream !== lineageStream(ORIGIN));
      for (let at = 0; at < leaves.length; at += 2_048) await sequenceBatch(leaves.slice(at, at + 2_048));
    },

    async publish() {
      const { sizeLeaves } = tree;
      const rootHash = tree.root();
      const text = formatCheckpoint({ origin: ORIGIN, sizeLeaves, rootHash, extensions: [] });
      const { name, keyId } = checkpointKey.key;
      note = formatNote({ text, signatures: [{ name, keyId, signature: checkpointKey.sign(utf8(text)) }] });
      write(`checkpoints/${String(sizeLeaves)}`, note);
      write('checkpoint', note);
      await append(lineageStream(ORIGIN), {
        type: 'CheckpointPublished',
        data: {
          ...{ origin: ORIGIN, treeSize: String(sizeLeaves), root: toBase64(rootHash) },
          ...{ checkpoint: note, cosignedBy: 0 },
        },
      });
    },

    close: () => attestor.close(),
  };

  async function sequenceBatch(leaves: readonly RecordedEvent[]): Promise<void> {
    const firstIndex = Number(tree.sizeLeaves);
    const hashes: Hash[] = [];
    const refs = leaves.map(({ stream, revision, eventId, metadata }) => {
      const { attestation } = JSON.parse(Buffer.from(metadata).toString()) as { attestation: { entry: string } };
      const entry = utf8(attestation.entry);
      const leafHash = new Uint8Array(hash('sha256', Buffer.concat([Uint8Array.of(0), entry]), 'buffer'));
      entries.push(entry);
      hashes.push(leafHash);
      tree.append(leafHash);
      return { stream, revision: String(revision), eventId: eventId as EventId, leafHash: toBase64(leafHash) };
    });
    await append(lineageStream(ORIGIN), {
      type: 'EntriesSequenced',
      data: {
        ...{ origin: ORIGIN, firstIndex: String(firstIndex), treeSize: String(tree.sizeLeaves) },
        ...{ root: toBase64(tree.root()), through: String(leaves.at(-1)?.position ?? 0n), refs },
      },
    });
    const reader = {
      readTile: (level: number, index: bigint, width: number) =>
        files.get(tilePath({ level, index, width })) ?? new Uint8Array(0),
    };
    for (const tile of await growTiles(reader, firstIndex, hashes)) {
      files.set(tilePath(tile), tile.bytes);
      write(tilePath(tile), tile.bytes);
    }
    for (let index = Math.floor(firstIndex / TILE_WIDTH); index * TILE_WIDTH < entries.length; index++) {
      const held = entries.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
      write(entriesPath(index, held.length), encodeEntryBundle(held));
    }
  }

  await append(keysStream(ORIGIN), {
    type: 'KeyAdded',
    data: {
      ...{ actor: { id: 'bootstrap', role: 'system' }, origin: ORIGIN, keyId: attestor.keyId },
      ...{ purpose: 'attestation', publicKey: toBase64(attestor.publicKey) },
    },
  });
  return history;
}

/** A decision and its reservation, as an admitted call appends them; every fourth is denied. */
function executionOf(
  number: number,
  draw: (length: number) => Uint8Array,
  nextId: () => EventId,
  prepareFacts: (stream: string, facts: readonly Fact[], first: bigint, salt?: Uint8Array) => PreparedEvent[],
) {
  const executionId = `order-${String(number)}`;
  const stream = executionStream('acme' as never, executionId as never);
  const streamSalt = draw(16);
  const openings: Record<string, { salt: string; value: never }> = {};
  const committed = (name: 'subject' | 'parameters' | `signal:${string}`, value: unknown) => {
    const salt = draw(16);
    openings[name] = { salt: toBase64(salt), value: value as never };
    return commit(salt, name, value);
  };
  const execution = { tenant: 'acme', executionId, actor: ACTOR };
  const decisionId = nextId();
  const decision = {
    ...{ ...execution, decisionId, evaluation: 1, reevaluates: null },
    intent: {
      ...{ action: 'loan.disburse', policyId: 'loan-approval' },
      subject: committed('subject', `customer-${String(number)}`),
      parameters: committed('parameters', { applicationId: executionId, amount: 15_000 }),
      signals: {
        bureau: committed('signal:bureau', { value: 'experian', observedAt: '2026-01-15T11:59:00.000Z' }),
        credit_score: committed('signal:credit_score', { value: 720 }),
        loan_amount: committed('signal:loan_amount', { value: 15_000 }),
      },
    },
    policy: {
      ...{ policyId: 'loan-approval', version: '1.0.3', digest: DIGEST },
      activation: { eventId: '018f0000-0000-7000-8000-ffffffffffff', revision: '1' },
    },
    evaluatedAt: '2026-01-15T12:00:00.000Z',
    runtime: { version: 'writ/0.1.0 node/20.20.2 cel/0.6.1', buildDigest: DIGEST },
    ...{ rule: 'prime', reasons: [{ code: 'RULE', text: 'prime borrower within limit', rule: 'prime' }] },
    ...{ obligations: [{ id: 'notify-branch', channel: 'email' }], diagnostics: [{ rule: 'prime', matched: true }] },
    terms: {
      maxEvaluations: 3,
      reservation: { ttlMs: 300_000, maxTtlMs: 3_600_000, effect: 'once', maxAttempts: 3 },
    },
  };
  const attempt = { ...execution, decisionId, attempt: 1, holderHash: DIGEST };
  const facts: unknown[] =
    number % 4 === 0
      ? [{ type: 'DecisionDenied', data: decision }]
      : [
          { type: 'DecisionAdmitted', data: { ...decision, validUntil: '2026-01-15T13:00:00.000Z' } },
          {
            type: 'ReservationPlaced',
            data: { ...attempt, ttlMs: 300_000, expiresAt: '2026-01-15T12:05:00.000Z' },
          },
          {
            type: 'ExecutionCommitted',
            data: { ...attempt, commitId: nextId(), bodyDigest: DIGEST, result: null, late: false },
          },
        ];
  return prepareFacts(stream, facts as Fact<EventType>[], 0n, streamSalt).map((prepared, at) =>
    at === 0 ? { prepared, openings, streamSalt } : { prepared },
  );
}
