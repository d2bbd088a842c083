/** `WRIT` in ASCII: what `file` and every reader find at byte 68 of a store. */
export const APPLICATION_ID = 0x57524954;

/** The format that this code reads and writes; kept in `user_version`. */
export const FORMAT_VERSION = 1;

/**
 * Ids ascend (stream ids and positions are counted, event ids are UUIDv7), so all B-trees but the one of the stream
 * names grow at their right edge: an append costs the same in a store of a thousand events and of many millions.
 */
const TABLES = [
  `CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT`,
  `CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT`,
  `CREATE TABLE events (
  position INTEGER PRIMARY KEY CHECK (position > 0),
  stream_id INTEGER NOT NULL REFERENCES streams (id),
  revision INTEGER NOT NULL CHECK (revision >= 0),
  event_id BLOB NOT NULL UNIQUE CHECK (length(event_id) = 16),
  type TEXT NOT NULL,
  type_version INTEGER NOT NULL CHECK (type_version > 0),
  data BLOB NOT NULL,
  metadata BLOB NOT NULL,
  UNIQUE (stream_id, revision)
) STRICT`,
] as const;

/** What was written stays: a bug of ours meets these before it meets the data. They do not stop whoever owns the file. */
const GUARDS = ['meta', 'streams', 'events'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (change) => `CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table}
BEGIN
  SELECT RAISE(ABORT, '${table} are append-only');
END`,
  ),
);

/** The statements that make an empty file a store of the current format. */
export const SCHEMA: readonly string[] = [...TABLES, ...GUARDS];

export interface MigrationStep {
  readonly from: number;
  readonly to: number;
  /** One line for people. */
  readonly what: string;
  readonly statements: readonly string[];
}

/** How each older format becomes the next one. A step is never changed once a release has carried it. */
export const MIGRATIONS: readonly MigrationStep[] = [
  { from: 0, to: 1, what: 'refuse updates and deletes by triggers', statements: GUARDS },
];

/** Format 0, before the first release: the tables without their guards. Migration tests begin there. */
export const SCHEMA_OF_FORMAT_0: readonly string[] = TABLES;
