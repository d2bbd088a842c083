import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrustPolicy } from '@writ/checkpoint';
import { digestOf, toBase64, toHex } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import { EVENT_STORE_LIMITS, type EventStore, type RecordedEvent } from '@writ/event-store';
import type { TrustedKey, VerifySignature } from '@writ/evidence';
import { lineageStream, parseEventData, type Fact } from '@writ/ledger';
import { opensslVerify } from '@writ/signing';
import { CheckpointAudit } from './checkpoint-audit.js';
import { EventReader } from './event-reader.js';
import { IndexAudit } from './index-audit.js';
import { KeyRing } from './key-ring.js';
import { LineageFolder } from './lineage-folder.js';
import type { OutsideFile } from './outside-head.js';
import { Findings, type Finding, type FsckReport } from './report.js';
import { StateFile } from './saved-state.js';
import { SequenceAudit } from './sequence-audit.js';
import { StreamAudit, withoutTombstones } from './stream-audit.js';
import { TileAudit } from './tile-audit.js';
import { TreeAudit } from './tree-audit.js';

/** Whom to believe; a `TrustFile` of `@writ/verifier` is one. */
export interface FsckTrust {
  readonly origin: string;
  /** The log's key, and its witnesses. */
  readonly policy: TrustPolicy;
  /** Attestation keys; others are reached from these through the key events of the log. */
  readonly keys: readonly TrustedKey[];
}

export interface FsckOptions {
  /** Read only; it may be in use. */
  readonly store: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly trust: FsckTrust;
  /** Tiles, entry bundles and checkpoints; left out: not compared. */
  readonly lineageDir?: string | undefined;
  /** Where the mark is; left out: not compared. */
  readonly markDir?: string | undefined;
  /** Where a node keeps what it has seen; left out: not compared. */
  readonly stateDir?: string | undefined;
  /** Checks signatures of attestations; OpenSSL when absent. Who checks one ledger again and again may remember verdicts. */
  readonly verify?: VerifySignature | undefined;
  /** The store can be told to show less of a stream than it holds: each stream is looked at, too. */
  readonly streamsMayHide?: boolean | undefined;
  /** What was found in the store before, by who can look below its events. */
  readonly storeFaults?: readonly Pick<Finding, 'code' | 'message'>[] | undefined;
  /** A file that remembers how far the check has come: with it, a check that was stopped goes on. Removed at the end. */
  readonly stateFile?: string | undefined;
  /** Events between two writes of the state file; default 200,000. */
  readonly saveEvery?: number | undefined;
  readonly onProgress?: ((progress: FsckProgress) => void) | undefined;
  /** Stops at the next page, leaving the state file. */
  readonly signal?: AbortSignal | undefined;
}

export interface FsckProgress {
  readonly events: number;
  readonly sizeLeaves: number;
  readonly findings: boolean;
}

const PAGE = EVENT_STORE_LIMITS.eventsPerRead;
const SAVE_EVERY = 200_000;

/**
 * Reads the whole store again and believes nothing of it: hashes every event, checks every attestation, rebuilds the
 * tree, and holds to it every tile, every entry bundle, every checkpoint, the mark and what this node has seen.
 *
 * What is wrong is in the report; nothing is mended. A store that cannot be read to its end gives a report with
 * `complete: false`.
 * @throws Error where a folder cannot be read; DOMException `AbortError` when `signal` aborts
 */
export async function fsck(options: FsckOptions): Promise<FsckReport> {
  const check = await Check.begin(options);
  try {
    // 1. Everything that the store has, in its order.
    await check.readStore();
  } catch (error) {
    // Foreign errors and `signal` are the caller's; the store's own are findings.
    if (!(error instanceof LedgerError)) {
      check.close();
      throw error;
    }
    check.tellUnreadable(error);
  }
  // 2. What was noted or made outside of it.
  return check.end();
}

class Check {
  readonly #options: FsckOptions;
  readonly #stream: string;
  readonly #findings: Findings;
  readonly #reader: EventReader;
  readonly #tiles: TileAudit;
  readonly #index: IndexAudit;
  readonly #tree: TreeAudit;
  readonly #sequence: SequenceAudit;
  readonly #checkpoints: CheckpointAudit;
  readonly #outside: readonly OutsideFile[];
  readonly #streams: StreamAudit | undefined;
  readonly #stateFile: StateFile | undefined;
  #after: bigint | undefined;
  /** Events of the lineage up to this position were followed before. */
  readonly #followed: bigint;
  #events: number;
  #lineageRevision: bigint;
  #complete = true;

  /** Opens what is to be compared before the store is read, so that nothing is ahead of it. */
  static async begin(options: FsckOptions): Promise<Check> {
    const { store, trust } = options;
    const { origin, keys: pinned } = trust;
    const verify = options.verify ?? opensslVerify;
    const keys = await KeyRing.read(store, { origin, keys: pinned }, verify);
    return new Check(options, keys);
  }

  private constructor(options: FsckOptions, keys: KeyRing) {
    const { trust, lineageDir, stateFile } = options;
    const store = withoutTombstones(options.store);
    this.#options = options;
    this.#stream = lineageStream(trust.origin);
    this.#stateFile = stateFile === undefined ? undefined : new StateFile(stateFile, subjectOf(options));
    const from = this.#stateFile?.read();
    this.#findings = new Findings(from?.findings);
    if (from === undefined) {
      for (const { code, message } of options.storeFaults ?? []) this.#findings.add({ kind: 'store', code, message });
    }
    this.#streams = options.streamsMayHide === true ? new StreamAudit(options.store, this.#findings) : undefined;
    this.#reader = new EventReader(store, {
      origin: trust.origin,
      keys,
      verify: options.verify ?? opensslVerify,
    });
    const folder = lineageDir === undefined || !existsSync(lineageDir) ? undefined : new LineageFolder(lineageDir);
    this.#outside = outsideFiles(options);
    // Files are taken stock of once: on going on, those of tiles that were compared before are compared no more.
    this.#checkpoints = new CheckpointAudit({
      ...{ origin: trust.origin, policy: trust.policy, folder, outside: this.#outside, store },
      findings: this.#findings,
      ...(from === undefined ? {} : { from: from.checkpoints }),
    });
    this.#tiles = new TileAudit(
      folder,
      this.#findings,
      from === undefined ? undefined : { sizeLeaves: from.tree.sizeLeaves, bundle: from.bundle },
    );
    this.#index = new IndexAudit(folder?.path, this.#findings);
    this.#index.compared = from?.indexRows ?? 0;
    this.#tree = new TreeAudit(this.#checkpoints.wantedSizes(), (tile) => this.#tiles.takeTile(tile), from?.tree);
    this.#sequence = new SequenceAudit({
      ...{ store, tree: this.#tree, keys, findings: this.#findings },
      onLeaf: (leaf) => {
        if (leaf.ref !== undefined) this.#index.take(this.#tree.sizeLeaves, leaf.ref);
        this.#tiles.takeLeaf(leaf.leafHash);
      },
      ...(from === undefined ? {} : { from: from.sequence }),
    });
    this.#tiles.hashTiles = from?.hashTiles ?? 0;
    this.#tiles.entryBundles = from?.entryBundles ?? 0;
    this.#after = from === undefined ? undefined : BigInt(from.after);
    this.#followed = from === undefined ? -1n : BigInt(from.read);
    this.#events = from?.events ?? 0;
    this.#lineageRevision = BigInt(from?.lineageRevision ?? -1);
  }

  async readStore(): Promise<void> {
    const { store, signal, onProgress, saveEvery = SAVE_EVERY } = this.#options;
    let saved = this.#events;
    for (;;) {
      signal?.throwIfAborted();
      const page = await store.readAll({
        maxCount: PAGE,
        ...(this.#after === undefined ? {} : { after: this.#after }),
      });
      for (const stored of page) {
        const recalled = this.#reader.recall(stored);
        if (recalled !== undefined) await recalled;
        const taken = this.#take(stored);
        if (taken !== undefined) await taken;
        this.#streams?.take(stored);
        this.#after = stored.position;
      }
      await this.#streams?.look();
      onProgress?.({ events: this.#events, sizeLeaves: this.#tree.sizeLeaves, findings: this.#findings.any });
      if (page.length < PAGE) return;
      if (this.#events - saved >= saveEvery) {
        this.#save();
        saved = this.#events;
      }
    }
  }

  tellUnreadable({ code, message }: LedgerError): void {
    if (!this.#complete) return;
    this.#complete = false;
    const index = String(this.#tree.sizeLeaves);
    this.#findings.add({ kind: 'store', code, message: `the store cannot be read further: ${message}`, index });
  }

  async end(): Promise<FsckReport> {
    const notYetSequenced = this.#sequence.end();
    try {
      await this.#checkpoints.end(this.#tree);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.tellUnreadable(error);
    }
    const filed = this.#checkpoints.filedSizeLeaves;
    this.#tiles.end(this.#tree.partialTiles(), this.#tree.sizeLeaves, filed);
    this.#index.end(this.#tree.sizeLeaves);
    this.#stateFile?.remove();
    return {
      format: 'writ/fsck/v1',
      origin: this.#options.trust.origin,
      verdict: this.#findings.any ? 'faults' : 'sound',
      complete: this.#complete,
      events: this.#events,
      sizeLeaves: String(this.#tree.sizeLeaves),
      root: toBase64(this.#tree.root()),
      checkpointSizeLeaves: String(this.#checkpoints.checkpointSizeLeaves),
      notYetSequenced,
      lostByRecovery: this.#sequence.lostByRecovery,
      compared: {
        hashTiles: this.#tiles.hashTiles,
        entryBundles: this.#tiles.entryBundles,
        indexRows: this.#index.compared,
        checkpointFiles: this.#checkpoints.files,
        publishedCheckpoints: this.#checkpoints.published,
        mark: this.#outside.some(({ path }) => path === MARK),
        seenHead: this.#outside.some(({ path }) => path === SEEN_HEAD),
      },
      ...this.#findings.result(),
    };
  }

  /** Lets go of files. */
  close(): void {
    this.#index.close();
  }

  /** Only what is of the lineage, or is not there, is waited for. */
  #take(stored: RecordedEvent): Promise<void> | undefined {
    if (stored.stream === this.#stream) return this.#takeLineage(stored);
    this.#events += 1;
    this.#sequence.wait(stored, this.#reader.read(stored));
    return undefined;
  }

  async #takeLineage(stored: RecordedEvent): Promise<void> {
    // Read again on going on, because events that still waited stand before it.
    if (stored.position <= this.#followed) return;
    this.#events += 1;
    const { stream } = stored;
    const revision = stored.revision.toString();
    if (stored.revision <= this.#lineageRevision) {
      const code = 'EVENT_ID_REUSED';
      this.#findings.add({ kind: 'duplicated', code, message: 'its place is taken', stream, revision });
      return;
    }
    if (stored.revision !== this.#lineageRevision + 1n) {
      const missing = { stream, revision: (this.#lineageRevision + 1n).toString() };
      this.#findings.add({ kind: 'missing', code: 'LINEAGE_INVALID', message: 'the lineage has a gap', ...missing });
    }
    this.#lineageRevision = stored.revision;
    const read = this.#reader.read(stored);
    if (read.kind === 'foreign') {
      const { code, message } = read;
      const { eventId } = stored;
      this.#findings.add({ kind: 'foreign', code, message, stream, revision, eventId });
      return;
    }
    await this.#follow(stored, { stream, revision });
  }

  async #follow(stored: RecordedEvent, place: Place): Promise<void> {
    const fact = this.#factOf(stored, place);
    switch (fact?.type) {
      case undefined:
        return;
      case 'EntriesSequenced':
        await this.#sequence.sequence(fact.data);
        this.#checkpoints.sequenced(this.#tree);
        return;
      case 'CheckpointPublished':
        this.#checkpoints.takePublished(fact.data, place);
        return;
      case 'LedgerRecovered':
        this.#sequence.recovered(fact.data);
        return;
      default:
        this.#tellLineage(`an event of type \`${fact?.type ?? ''}\` does not belong to the lineage`, place);
    }
  }

  #factOf({ type, typeVersion, data }: RecordedEvent, place: Place): Fact | undefined {
    try {
      return parseEventData(type, typeVersion, data).fact;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#tellLineage(error.message, place);
      return undefined;
    }
  }

  #tellLineage(message: string, place: Place): void {
    this.#findings.add({ kind: 'lineage', code: 'LINEAGE_INVALID', message, ...place });
  }

  #save(): void {
    const first = this.#sequence.firstWaiting;
    const after = first === undefined ? this.#after : first - 1n;
    if (after === undefined || this.#after === undefined) return;
    this.#stateFile?.write({
      read: this.#after.toString(),
      after: after.toString(),
      events: this.#events - this.#sequence.waiting,
      lineageRevision: this.#lineageRevision.toString(),
      tree: this.#tree.state(),
      bundle: this.#tiles.bundleState(),
      sequence: this.#sequence.state(),
      checkpoints: this.#checkpoints.state(),
      hashTiles: this.#tiles.hashTiles,
      entryBundles: this.#tiles.entryBundles,
      indexRows: this.#index.compared,
      findings: this.#findings.result(),
    });
  }
}

interface Place {
  readonly stream: string;
  readonly revision: string;
}

const MARK = 'mark.json';
const SEEN_HEAD = 'lineage-head.json';

function outsideFiles({ markDir, stateDir }: FsckOptions): OutsideFile[] {
  const files = [
    { path: MARK, folder: markDir },
    { path: SEEN_HEAD, folder: stateDir },
  ];
  return files.flatMap(({ path, folder }) => {
    if (folder === undefined || !existsSync(join(folder, path))) return [];
    return [{ path, bytes: readFileSync(join(folder, path)) }];
  });
}

/** What a state file is about: going on with other keys or another folder would compare two things. */
function subjectOf({ trust, lineageDir, markDir, stateDir }: FsckOptions): string {
  return digestOf({
    origin: trust.origin,
    keys: trust.keys.map(({ publicKey }) => toHex(publicKey)),
    logs: trust.policy.logs.map(({ key }) => `${key.name} ${key.keyId}`),
    folders: [lineageDir ?? null, markDir ?? null, stateDir ?? null],
  });
}
