import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import type { SequencedRef } from '@writ/ledger';
import type { Findings } from './report.js';

const INDEX_FILE = 'index.db';
const PAGE = 4_096;

/** Index, event id in hex, stream and revision. */
type IndexRow = readonly [bigint, string, string, bigint];

/**
 * Compares the file that knows which event has which index. It is a cache and may be behind; what it says is said wrongly
 * in every proof that is looked up in it. Damage that SQLite itself finds ends the comparison with one finding.
 */
export class IndexAudit {
  readonly #findings: Findings;
  #db: DatabaseSyncInstance | undefined;
  #page: StatementSyncInstance | undefined;
  #rows: readonly IndexRow[] = [];
  #at = 0;
  /** One past the last row, as of the beginning: later ones may be of events that are read later. */
  #end = 0;
  compared = 0;

  constructor(folder: string | undefined, findings: Findings) {
    this.#findings = findings;
    if (folder === undefined || !existsSync(join(folder, INDEX_FILE))) return;
    this.#guarded(() => this.#open(join(folder, INDEX_FILE)));
  }

  take(index: number, ref: SequencedRef): void {
    if (this.#page === undefined || index >= this.#end) return;
    const next = this.#rows[this.#at];
    const row = next?.[0] === BigInt(index) ? next : this.#guarded(() => this.#rowAt(index));
    if (row === undefined) return;
    this.#at += 1;
    this.compared += 1;
    const { eventId, stream, revision } = ref;
    const [, foundId, foundStream, foundRevision] = row;
    const sameEvent = foundId === eventId.replaceAll('-', '');
    if (sameEvent && foundStream === stream && foundRevision.toString() === revision) return;
    const place = { index: String(index), stream, revision, eventId };
    this.#findings.add({
      kind: 'index',
      code: 'TILE_INVALID',
      message: 'it names another event',
      path: INDEX_FILE,
      ...place,
    });
  }

  end(sizeLeaves: number): void {
    if (this.#end > sizeLeaves) {
      this.#findings.add({
        kind: 'rolled_back',
        code: 'LEDGER_ROLLED_BACK',
        message: `it knows of ${String(this.#end)} leaves, and the store has ${String(sizeLeaves)}`,
        path: INDEX_FILE,
        index: String(sizeLeaves),
      });
    }
    this.close();
  }

  close(): void {
    this.#page = undefined;
    this.#db?.close();
    this.#db = undefined;
  }

  #open(path: string): void {
    const db = new DatabaseSync(path, { readOnly: true });
    this.#db = db;
    db.exec('PRAGMA busy_timeout = 2000; PRAGMA query_only = ON; PRAGMA cell_size_check = ON');
    const sound = db.prepare('PRAGMA integrity_check(1)').get() as { readonly integrity_check: string };
    if (sound.integrity_check !== 'ok') throw new Error(sound.integrity_check);
    this.#page = db.prepare(
      'SELECT idx, lower(hex(event_id)), stream, revision FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?',
      { returnArrays: true, readBigInts: true },
    );
    const { last } = db.prepare('SELECT coalesce(max(idx), -1) AS last FROM entries').get() as {
      readonly last: number;
    };
    this.#end = last + 1;
  }

  /** `undefined` where the file has no such row: those after a crash are filled in again. */
  #rowAt(index: number): IndexRow | undefined {
    while (this.#at < this.#rows.length && Number(this.#rows[this.#at]?.[0]) < index) this.#at += 1;
    if (this.#at >= this.#rows.length) {
      const rows: unknown = this.#page?.all(BigInt(index), BigInt(PAGE)) ?? [];
      this.#rows = rows as IndexRow[];
      this.#at = 0;
    }
    const row = this.#rows[this.#at];
    if (Number(row?.[0]) !== index) throw new Error(`row ${String(index)} is missing`);
    return row;
  }

  #guarded<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      const message = `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      this.#findings.add({ kind: 'index', code: 'TILE_INVALID', message, path: INDEX_FILE });
      this.close();
      return undefined;
    }
  }
}
