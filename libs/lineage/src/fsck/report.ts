import { LedgerError, type ErrorCode } from '@writ/errors';

/**
 * What can be wrong. The first group is about events, the second about what is made from them, which can be made again
 * from the store (`torn`, `tile`, `entries`, `index`), and the last about the ledger as a whole.
 */
export const FINDING_KINDS = [
  /** It has an index, and the store does not have it. */
  'missing',
  /** Of the order of the store and its stream, one shows it, and the other does not. */
  'hidden',
  /** The store's order is not the order of the indices. */
  'reordered',
  /** The store holds it twice, or a stream has a gap or a place that is taken twice. */
  'duplicated',
  /** No trusted key attests it. */
  'foreign',
  /** It has an index, and is not what got that index. */
  'changed',
  /** Events after it have indices, and it has none. */
  'unsequenced',
  /** Signed by a revoked key, at or after its cut-off. */
  'revoked',
  /** The lineage stream contradicts itself. */
  'lineage',
  /** A file that ends too early and is right up to there: what a crash leaves. */
  'torn',
  /** A hash tile, or one that no tree of ours has. */
  'tile',
  'entries',
  /** The file that knows which event has which index. */
  'index',
  /** A signature, a root, or a tree that an earlier checkpoint does not grow into. */
  'checkpoint',
  /** Something outside the store knows more than the store. */
  'rolled_back',
  /** The store cannot be read to its end. */
  'store',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One thing that is wrong, and where. Numbers are decimal strings. */
export interface Finding {
  readonly kind: FindingKind;
  readonly code: ErrorCode;
  /** One sentence for people. */
  readonly message: string;
  /** Leaf index. */
  readonly index?: string;
  readonly stream?: string;
  readonly revision?: string;
  readonly eventId?: string;
  /** Below the folder that was looked at. */
  readonly path?: string;
}

/** What was compared with the store, and what was not there to be compared. */
export interface FsckCompared {
  readonly hashTiles: number;
  readonly entryBundles: number;
  /** Rows of the file that knows which event has which index. */
  readonly indexRows: number;
  readonly checkpointFiles: number;
  readonly publishedCheckpoints: number;
  readonly mark: boolean;
  readonly seenHead: boolean;
}

export interface FsckReport {
  readonly format: 'writ/fsck/v1';
  readonly origin: string;
  readonly verdict: 'sound' | 'faults';
  /** `false`: the store could not be read to its end, so what is not listed is not thereby sound. */
  readonly complete: boolean;
  /** Events read, those of the lineage stream included. */
  readonly events: number;
  /** The tree, as rebuilt from the store. */
  readonly sizeLeaves: string;
  /** Base64. */
  readonly root: string;
  /** Size of the largest checkpoint that verified; 0 where there is none. */
  readonly checkpointSizeLeaves: string;
  /** Events at the end of the store that have no index yet: no fault. */
  readonly notYetSequenced: number;
  /** Indices whose events are gone, as a `LedgerRecovered` in the log says: no fault, and no event. */
  readonly lostByRecovery: number;
  readonly compared: FsckCompared;
  /** How many of each kind; kinds without any are left out. */
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>;
  /** The first of them, in the order in which they were met. */
  readonly findings: readonly Finding[];
}

/** Findings that are kept whole; beyond it they are counted. */
export const MAX_FINDINGS = 1_000;

/** Collects findings. What it has can be taken out and put back (resume). */
export class Findings {
  readonly #listed: Finding[];
  readonly #counts: Partial<Record<FindingKind, number>>;

  constructor(from: Pick<FsckReport, 'findings' | 'counts'> = { findings: [], counts: {} }) {
    this.#listed = [...from.findings];
    this.#counts = { ...from.counts };
  }

  add(finding: Finding): void {
    this.#counts[finding.kind] = (this.#counts[finding.kind] ?? 0) + 1;
    if (this.#listed.length < MAX_FINDINGS) this.#listed.push(finding);
  }

  get any(): boolean {
    return Object.keys(this.#counts).length > 0;
  }

  result(): Pick<FsckReport, 'findings' | 'counts'> {
    return { findings: [...this.#listed], counts: { ...this.#counts } };
  }
}

/** The code of an error of ours; anything else is a bug here, and is thrown on. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof LedgerError) return error.code;
  throw error;
}
