import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { CheckpointState } from './checkpoint-audit.js';
import type { FsckReport } from './report.js';
import type { SequenceState } from './sequence-audit.js';
import type { BundleState } from './tile-audit.js';
import type { TreeState } from './tree-audit.js';

/** Where a check that was stopped goes on. Decimal strings for 64-bit numbers. */
export interface SavedState {
  readonly format: 'writ/fsck-state/v2';
  /** What was checked, and against what: a state of anything else is not gone on from. */
  readonly subject: string;
  /** The last position that need not be read again. */
  readonly after: string;
  /** The last position that was read: events of the lineage up to there were followed. */
  readonly read: string;
  /** Events up to `after`, and those of the lineage up to `read`. */
  readonly events: number;
  /** Of the lineage stream; -1 before its first event. */
  readonly lineageRevision: string;
  readonly tree: TreeState;
  readonly bundle: BundleState;
  readonly sequence: SequenceState;
  readonly checkpoints: CheckpointState;
  readonly hashTiles: number;
  readonly entryBundles: number;
  readonly indexRows: number;
  readonly findings: Pick<FsckReport, 'findings' | 'counts'>;
}

/**
 * A file that remembers how far a check has come. It is believed as it stands: whoever may write it can make a check
 * skip what it says was checked. Torn by a crash, or of another check, it is as good as none.
 */
export class StateFile {
  readonly #path: string;
  readonly #subject: string;

  constructor(path: string, subject: string) {
    this.#path = path;
    this.#subject = subject;
  }

  read(): SavedState | undefined {
    let state: SavedState;
    try {
      state = JSON.parse(readFileSync(this.#path, 'utf8')) as SavedState;
    } catch {
      return undefined;
    }
    return state.format === 'writ/fsck-state/v2' && state.subject === this.#subject ? state : undefined;
  }

  /** A crash here leaves the state before, and maybe a file beside it that the next write replaces. */
  write(state: Omit<SavedState, 'format' | 'subject'>): void {
    const temporary = `${this.#path}.tmp`;
    writeFileSync(temporary, JSON.stringify({ format: 'writ/fsck-state/v2', subject: this.#subject, ...state }));
    renameSync(temporary, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
