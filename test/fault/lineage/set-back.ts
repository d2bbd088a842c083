import { copyFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';

/**
 * What a restored backup is: the same store without everything after `position`. Made by cutting, because a backup after
 * each of some hundred events would take as many copies.
 */
export function setBackTo(position: bigint, from: string, to: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${to}${suffix}`, { force: true });
  copyFileSync(from, to);
  const db = new DatabaseSync(to);
  try {
    const guards = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as unknown as {
      readonly name: string;
      readonly sql: string;
    }[];
    for (const { name } of guards) db.exec(`DROP TRIGGER ${name}`);
    db.prepare('DELETE FROM events WHERE position > ?').run(position);
    db.prepare('DELETE FROM streams WHERE id NOT IN (SELECT stream_id FROM events)').run();
    for (const { sql } of guards) db.exec(sql);
  } finally {
    db.close();
  }
}

export function lastPositionIn(path: string): bigint {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const statement = db.prepare('SELECT max(position) AS last FROM events');
    statement.setReadBigInts(true);
    return (statement.get() as { readonly last: bigint }).last;
  } finally {
    db.close();
  }
}
