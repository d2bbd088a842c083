/**
 * What somebody who owns the file can do: `slip-in.mjs <store>`, and a line {append, edit} on standard input. `append`
 * puts events at the ends of streams, `edit` writes over events that are there; bytes are base64.
 */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { connectWriter } from '../../../../libs/event-store-sqlite/dist/connection.js';

const connection = connectWriter(process.argv[2], 5_000);
const bytes = (text) => Buffer.from(text, 'base64');
const first = (sql, ...values) => connection.prepare(sql).get(...values);

function append({ stream, eventId, type, typeVersion, data, metadata }) {
  connection
    .prepare('INSERT OR IGNORE INTO streams (id, name) VALUES ((SELECT max(id) + 1 FROM streams), ?)')
    .run(stream);
  connection
    .prepare(
      `INSERT INTO events (position, stream_id, revision, event_id, type, type_version, data, metadata)
       SELECT (SELECT max(position) + 1 FROM events), id,
         (SELECT coalesce(max(revision), -1) + 1 FROM events WHERE stream_id = streams.id), ?, ?, ?, ?, ?
       FROM streams WHERE name = ?`,
    )
    .run(
      eventId === undefined ? randomBytes(16) : Buffer.from(eventId.replaceAll('-', ''), 'hex'),
      type,
      typeVersion,
      bytes(data),
      bytes(metadata),
      stream,
    );
}

function edit({ stream, revision, data, metadata }) {
  const { changes } = connection
    .prepare(
      'UPDATE events SET data = ?, metadata = ? WHERE revision = ? AND stream_id = (SELECT id FROM streams WHERE name = ?)',
    )
    .run(bytes(data), bytes(metadata), revision, stream);
  if (Number(changes) !== 1) throw new Error(`${stream}@${revision} is not there`);
}

const line = await new Promise((resolve) => createInterface({ input: process.stdin }).once('line', resolve));
const wanted = JSON.parse(line);
connection.exec('BEGIN IMMEDIATE');
// A store whose guards are gone is not opened any more: they are put back.
const guard = first("SELECT sql FROM sqlite_master WHERE name = 'events_no_update'");
connection.exec('DROP TRIGGER events_no_update');
wanted.edit.forEach(edit);
connection.exec(guard.sql);
wanted.append.forEach(append);
const events = first('SELECT count(*) AS events FROM events');
connection.exec('COMMIT');
console.log(JSON.stringify({ done: events !== undefined }));
process.exit(0);
