/**
 * The client of the crash suite: `crash-client.mjs <folder>`. On {port, cycle} it turns to that server and says
 * {acked} once the server has promised it something new; on {stop} it ends. 16 callers evaluate and commit without
 * pause; what stays without an answer is sent again, with the same ids, to the next server. A promise counts only
 * once it is synced to the client's own list.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newCommitId, WritClient } from '../../../../libs/client/dist/index.js';
import { AckLog } from '../../harness/ack-log.mjs';
import { commitOf, newHolder, TENANT, transfer } from '../../harness/transfers.mjs';

const CALLERS = 16;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const totals = { executions: 0, acked: 0, resent: 0, impossible: 0, wrong: [] };
let client;
let cycle = -1;
let answeredIn = -1;
let stopping = false;

const acks = new AckLog(join(process.argv[2], 'acks.log'), (count) => {
  totals.acked += count;
  if (answeredIn === cycle) return;
  answeredIn = cycle;
  say({ acked: cycle });
});

/** The answer, whatever crashes in between; anything but an answer or `Unavailable` is thrown on. */
async function surely(call) {
  for (;;) {
    const asked = client;
    try {
      return await call(asked.ledger, { signal: asked.giveUp.signal });
    } catch (error) {
      if (error.kind !== 'Unavailable') throw error;
      totals.resent += 1;
      await pause(5);
    }
  }
}

function promise(executionId, { receipt }) {
  const events = receipt.events.map(({ eventId, revision, type, data }) => {
    const digest = createHash('sha256').update(data).digest('hex');
    return { eventId, revision: revision.toString(), type, digest };
  });
  acks.add({ executionId, events });
}

async function mustBe(code, call) {
  totals.impossible += 1;
  const got = await surely(call).then(
    () => 'OK',
    (error) => error.code ?? String(error),
  );
  if (got !== code) totals.wrong.push(`expected ${code}, got ${got}`);
}

async function run(executionId) {
  const request = transfer(executionId);
  const impossible = Math.random() < 0.3;
  const evaluated = await surely((to, options) => to.evaluate(request, options));
  promise(executionId, evaluated);
  const report = commitOf(request, evaluated.grant);
  if (impossible) {
    await mustBe('HOLDER_MISMATCH', (to, options) => to.commit({ ...report, holder: newHolder() }, options));
    await mustBe('INV-013', (to, options) => to.evaluate(transfer(executionId), options));
  }
  promise(executionId, await surely((to, options) => to.commit(report, options)));
  if (impossible) await mustBe('INV-013', (to, options) => to.commit({ ...report, commitId: newCommitId() }, options));
  totals.executions += 1;
}

async function caller(number) {
  while (client === undefined) await pause(5);
  for (let round = 0; !stopping; round += 1) {
    await run(`crash-${number}-${round}`).catch((error) =>
      totals.wrong.push(`${number}-${round}: ${error.code ?? error}`),
    );
  }
}

const callers = Promise.all(Array.from({ length: CALLERS }, (_value, number) => caller(number)));
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.stop === true) break;
  const former = client;
  cycle = message.cycle;
  // A call that waits for the dead server is given up, and sent to this one.
  const ledger = WritClient.connect({ address: `127.0.0.1:${message.port}`, tenant: TENANT });
  client = { ledger, giveUp: new AbortController() };
  former?.giveUp.abort();
  former?.ledger.close();
}
stopping = true;
await callers;
acks.close();
say(totals);
process.exit(0);
