import { readFileSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatInstant, parseInstant } from '@writ/encoding';
import { IntegrityError, UnavailableError } from '@writ/errors';
import type { Clock } from '@writ/operations';

const FILE = 'clock-high-water';
/** How often the mark goes to disk: what a crash can take back of it. */
const PERSIST_EVERY_MS = 1_000;

export interface NodeClockOptions {
  /** This node's own folder, which exists. `undefined`: the mark lives and dies with the process. */
  readonly stateDir: string | undefined;
  readonly toleranceMs: number;
  /** For tests. */
  readonly wallMs?: () => number;
}

/**
 * The wall clock, guarded by its own high-water mark: the latest time that this node has acted on, kept over restarts.
 * A clock that stands more than the tolerance behind it has been set back; every lease and every signal's age would be
 * judged wrongly, so nothing is decided until it has caught up.
 */
export class NodeClock implements Clock {
  readonly #file: string | undefined;
  readonly #toleranceMs: number;
  readonly #wallMs: () => number;
  #highWaterMs: number;
  #persistedMs: number;
  #problem: unknown;
  #writing: Promise<void> | undefined;

  /** @throws IntegrityError `STORE_CORRUPT` when the mark cannot be read: guessing could revive a lease */
  constructor(options: NodeClockOptions) {
    this.#toleranceMs = options.toleranceMs;
    this.#wallMs = options.wallMs ?? Date.now;
    this.#file = options.stateDir === undefined ? undefined : join(options.stateDir, FILE);
    this.#highWaterMs = this.#file === undefined ? 0 : readMark(this.#file);
    this.#persistedMs = this.#highWaterMs;
  }

  get highWaterMs(): number {
    return this.#highWaterMs;
  }

  /** Why the mark could not be written the last time; `undefined` when all is well. */
  get problem(): unknown {
    return this.#problem;
  }

  /** @throws UnavailableError `CLOCK_BEHIND` */
  nowMs(): number {
    const wallMs = this.#wallMs();
    if (wallMs > this.#highWaterMs) {
      this.#highWaterMs = wallMs;
      if (wallMs - this.#persistedMs >= PERSIST_EVERY_MS && this.#writing === undefined) void this.persist();
      return wallMs;
    }
    if (this.#highWaterMs - wallMs > this.#toleranceMs) {
      throw new UnavailableError('CLOCK_BEHIND', "the wall clock is behind this node's own high-water mark", {
        wallMs,
        highWaterMs: this.#highWaterMs,
        toleranceMs: this.#toleranceMs,
      });
    }
    return wallMs;
  }

  /**
   * Writes the mark down, beside whoever is deciding: a sync takes milliseconds. A crash in between leaves the older mark,
   * whole. A disk that does not take it stops nothing by itself (the mark only guards the next start, and the store
   * refuses on its own): `problem` says so. Never rejects.
   */
  async persist(): Promise<void> {
    if (this.#writing !== undefined) await this.#writing;
    if (this.#file === undefined || this.#highWaterMs === this.#persistedMs) return;
    // Also after a failure: one attempt per interval.
    this.#persistedMs = this.#highWaterMs;
    this.#writing = writeMark(this.#file, this.#highWaterMs).then(
      () => this.#wrote(undefined),
      (error: unknown) => this.#wrote(error),
    );
    await this.#writing;
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #wrote(problem: unknown): void {
    this.#problem = problem;
    this.#writing = undefined;
  }
}

function readMark(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw new IntegrityError('STORE_CORRUPT', 'the clock high-water mark cannot be read', { file }, { cause: error });
  }
  try {
    return parseInstant(text.trim());
  } catch (cause) {
    throw new IntegrityError('STORE_CORRUPT', 'the clock high-water mark is not an instant', { file }, { cause });
  }
}

async function writeMark(file: string, markMs: number): Promise<void> {
  const draft = `${file}.new`;
  await synced(draft, 'w', (handle) => handle.writeFile(`${formatInstant(markMs)}\n`));
  await rename(draft, file);
  await synced(dirname(file), 'r');
}

async function synced(path: string, flags: 'w' | 'r', write?: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, flags, 0o600);
  try {
    await write?.(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
