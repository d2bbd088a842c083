/**
 * The keeper of a tree alone, in one thread, over a store in a folder: `tree.mjs <folder> <events>`. Appends so many
 * events, waits until they are anchored, and closes. Makes store and keys where there are none. Says
 * {open: code} where it cannot begin, else {standing}.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64 } from '../../../../libs/encoding/dist/index.js';
import { openSqliteEventStore } from '../../../../libs/event-store-sqlite/dist/index.js';
import { encodeMetadata, keysStream, prepareAll, refusalsStream } from '../../../../libs/ledger/dist/index.js';
import { openLineage } from '../../../../libs/lineage/dist/index.js';
import {
  createAttestor,
  generateKeyFile,
  generateNoteKeyFile,
  readNoteKeyFile,
} from '../../../../libs/signing/dist/index.js';
import { newEventId } from '../../harness/sample.mjs';

const [, , folder, count] = process.argv;
const origin = 'fault.test/tree';
const WAIT_MS = 2_000;
const keyFile = join(folder, 'attestation-key.json');
const checkpointKeyFile = join(folder, 'checkpoint-key.json');
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const bytes = (length) => crypto.getRandomValues(new Uint8Array(length));

if (!existsSync(keyFile)) {
  mkdirSync(join(folder, 'state'), { recursive: true });
  await generateKeyFile(keyFile);
  await generateNoteKeyFile(checkpointKeyFile, 'checkpoint', origin);
}
const attestor = await createAttestor({ keyFile, origin, worker: false });
const store = await openSqliteEventStore({ path: join(folder, 'ledger.db'), mode: 'create' });

async function append(stream, facts, streamSalt) {
  const last = (await store.readStream(stream)).at(-1);
  const firstRevision = (last?.revision ?? -1n) + 1n;
  const prepared = prepareAll(facts, {
    ...{ stream, firstRevision, recordedAtMs: Date.now() },
    ...(streamSalt === undefined ? {} : { streamSalt }),
    identify: () => ({ eventId: newEventId(), nonce: bytes(16) }),
  });
  const attestations = await attestor.attest(prepared);
  const events = prepared.map(({ event, type, typeVersion, data }, at) => ({
    ...{ eventId: event.eventId, type, typeVersion, data },
    metadata: encodeMetadata({
      attestation: attestations[at],
      ...(event.revision === 0n && streamSalt !== undefined ? { streamSalt } : {}),
    }),
  }));
  await store.append(stream, last === undefined ? 'no_stream' : last.revision, events);
  return events.map(({ eventId }) => eventId);
}

if ((await store.readAll({ maxCount: 1 })).length === 0) {
  const { keyId, publicKey } = attestor;
  const actor = { id: 'bootstrap', role: 'system' };
  const data = { actor, origin, keyId, purpose: 'attestation', publicKey: toBase64(publicKey) };
  await append(keysStream(origin), [{ type: 'KeyAdded', data }]);
}

const lineage = await openLineage({
  ...{ origin, store, attestor, pinned: [{ keyId: attestor.keyId, publicKey: attestor.publicKey }] },
  signer: await readNoteKeyFile(checkpointKeyFile, 'checkpoint'),
  clock: { nowMs: () => Date.now() },
  randomness: { bytes, eventId: newEventId },
  ...{ anchorIntervalMs: 50, anchorEntries: 1 },
  onDisk: {
    lineageDir: join(folder, 'lineage'),
    markDir: join(folder, 'mark'),
    seenFile: join(folder, 'state/lineage-head.json'),
  },
}).catch((error) => {
  say({ open: error.code });
});
if (lineage !== undefined) {
  const stream = refusalsStream(`t${newEventId().replaceAll('-', '').slice(0, 30)}`);
  const fact = { type: 'ForeignEventFound', data: { stream: 'execution-a.b', revision: '1', reason: 'a test' } };
  // Two rounds: the second goes on from what the first has left.
  const salt = bytes(16);
  for (const part of [Math.ceil(count / 2), Math.floor(count / 2)]) {
    if (part === 0) continue;
    const ids = await append(stream, Array(part).fill(fact), salt);
    const standings = await lineage.awaitStanding(ids, 'anchored', { timeoutMs: WAIT_MS });
    say({ standing: standings.at(-1).kind });
  }
  await lineage.close();
}
await attestor.close();
await store.close();
process.exit(0);
