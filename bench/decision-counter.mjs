/** Counts decisions where they are kept, past all of our code that could flatter itself. */
import { DatabaseSync } from '@photostructure/sqlite';

/** @param path of an embedded store, which may be open elsewhere */
export function decisionCounter(path) {
  const database = new DatabaseSync(path, { readOnly: true });
  const news = database.prepare(
    "SELECT count(*) AS decisions FROM events WHERE position > ? AND position <= ? AND type LIKE 'Decision%'",
  );
  const last = database.prepare('SELECT max(position) AS position FROM events');
  let total = 0;
  let seen = 0;
  return {
    /** All decisions in the store. */
    decisions() {
      const { position } = last.get();
      total += news.get(seen, position).decisions;
      seen = position;
      return total;
    },
    /** Bytes of data and metadata of these events. */
    sizeOf(eventIds) {
      const size = database.prepare('SELECT length(data) + length(metadata) AS size FROM events WHERE event_id = ?');
      return eventIds.reduce((sum, id) => sum + size.get(Buffer.from(id.replaceAll('-', ''), 'hex')).size, 0);
    },
    close: () => database.close(),
  };
}
