import { existsSync } from 'node:fs';

import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import { IntegrityError, RejectedError } from '@writ/errors';

/** The largest tree of one log that was cosigned. */
export interface WitnessedHead {
  readonly sizeLeaves: bigint;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The checkpoint with the log's signature and ours. */
  readonly note: string;
  /** When we cosigned it; whole seconds since 1970 UTC. */
  readonly timeSeconds: number;
}

const APPLICATION_ID = 0x57_54_4e_53;
const SCHEMA = `
  CREATE TABLE witness (vkey TEXT NOT NULL) STRICT;
  CREATE TABLE heads (
    origin TEXT PRIMARY KEY,
    size TEXT NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    time INTEGER NOT NULL
  ) STRICT;
  PRAGMA application_id = ${String(APPLICATION_ID)};
`;

/**
 * What this witness has cosigned, in one SQLite file. It is all that keeps it from cosigning a fork: a witness whose file
 * is lost must not go on under its name, so the file is made once, with the key, and never silently again.
 */
export class WitnessState {
  readonly #db: DatabaseSyncInstance;
  readonly #read: StatementSyncInstance;

  private constructor(db: DatabaseSyncInstance) {
    this.#db = db;
    this.#read = db.prepare('SELECT size, root, note, time FROM heads WHERE origin = ?');
  }

  /** Makes the file for a new key. Throws STORE_NOT_OURS where something is there. */
  static create(path: string, vkey: string): void {
    if (existsSync(path)) throw new IntegrityError('STORE_NOT_OURS', 'there is a file already', { path });
    const db = new DatabaseSync(path);
    try {
      db.exec(`PRAGMA synchronous=EXTRA; BEGIN; ${SCHEMA}`);
      db.prepare('INSERT INTO witness VALUES (?)').run(vkey);
      db.exec('COMMIT');
    } finally {
      db.close();
    }
  }

  /** Throws STORE_MISSING, STORE_NOT_OURS (no such file of ours), KEY_MISMATCH (another key's). */
  static open(path: string, vkey: string): WitnessState {
    if (!existsSync(path)) {
      throw new IntegrityError('STORE_MISSING', 'what this witness has cosigned is not there', { path });
    }
    const db = new DatabaseSync(path, { timeout: 2_000 });
    try {
      requireOurs(db, path, vkey);
      // EXTRA: a commit returns when the file and the removal of its journal would survive a power cut.
      db.exec('PRAGMA synchronous=EXTRA; PRAGMA trusted_schema=OFF');
      return new WitnessState(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  read(origin: string): WitnessedHead | undefined {
    const row = this.#read.get(origin) as { size: string; root: Uint8Array; note: string; time: number } | undefined;
    if (row === undefined) return undefined;
    return {
      sizeLeaves: BigInt(row.size),
      root: Uint8Array.from(row.root),
      note: row.note,
      timeSeconds: Number(row.time),
    };
  }

  /**
   * Puts `next` in the place of a head of `expectedSizeLeaves` (0: of none) and returns when that is on the disk. Looks
   * and writes in one transaction, so that of two that extend the same head one wins, from whatever process.
   * `false`: another size is there, nothing was written.
   */
  advance(origin: string, expectedSizeLeaves: bigint, next: WitnessedHead): boolean {
    if (next.sizeLeaves < expectedSizeLeaves) {
      throw new RejectedError('REQUEST_INVALID', 'a head never shrinks', { field: 'sizeLeaves' });
    }
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      if ((this.read(origin)?.sizeLeaves ?? 0n) !== expectedSizeLeaves) {
        this.#db.exec('ROLLBACK');
        return false;
      }
      this.#db
        .prepare('INSERT OR REPLACE INTO heads (origin, size, root, note, time) VALUES (?, ?, ?, ?, ?)')
        .run(origin, String(next.sizeLeaves), next.root, next.note, next.timeSeconds);
      // A crash before the commit leaves the head before: the cosignature was told to nobody. After it: the log asks
      // again, is told this size, and gets a cosignature of the same tree.
      this.#db.exec('COMMIT');
      return true;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}

function requireOurs(db: DatabaseSyncInstance, path: string, vkey: string): void {
  const { application_id: id } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  if (Number(id) !== APPLICATION_ID) {
    throw new IntegrityError('STORE_NOT_OURS', 'the file does not hold what a witness has cosigned', { path });
  }
  const row = db.prepare('SELECT vkey FROM witness').get() as { vkey: string } | undefined;
  if (row?.vkey === vkey) return;
  throw new IntegrityError('KEY_MISMATCH', 'the file belongs to another witness key', { path, recorded: row?.vkey });
}
