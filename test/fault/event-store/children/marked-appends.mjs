/**
 * Appends whose bytes and answers can be found in a trace: `marked-appends.mjs <path> <callers> <rounds>`. Every data
 * carries `TOKEN-<n>-`, and the answer is told by writing `ACK-<n>-<code>-` to standard output, one system call each.
 * An append that stayed without an answer is sent again until it has one.
 */
import { writeSync } from 'node:fs';
import { openStore } from '../../harness/open-store.mjs';
import { newEvent } from '../../harness/sample.mjs';

const [, , path, callers, rounds] = process.argv;
const store = await openStore(`sqlite:${path}`);
const run = process.pid;
let tokens = 0;

async function appendUntilAnswered(token, stream, events) {
  for (;;) {
    const code = await store.append(stream, 'no_stream', events).then(
      ({ alreadyAppended }) => (alreadyAppended ? 'AGAIN' : 'OK'),
      (error) => error.code,
    );
    writeSync(1, `ACK-${token}-${code}-\n`);
    if (code === 'OK' || code === 'AGAIN') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await Promise.all(
  Array.from({ length: Number(callers) }, async () => {
    for (let round = 0; round < Number(rounds); round += 1) {
      tokens += 1;
      const token = tokens;
      const data = Buffer.from(`{"token":"TOKEN-${token}-"}`);
      await appendUntilAnswered(token, `marked-${run}.${token}`, [newEvent({ data }), newEvent()]);
    }
  }),
);
await store.close();
