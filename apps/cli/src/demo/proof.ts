import { openSync, closeSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { textOf, toHex, utf8 } from '@writ/encoding';
import { checkLedger } from '@writ/instance';
import { verifyBundle, type Report } from '@writ/verifier';
import { settingsOf } from '../input/settings-of.js';
import { printable } from '../terminal/style.js';
import type { StoryProcess } from './processes.js';
import type { SceneResult, Stage } from './story.js';

const SUBJECT = 'loan-1001';
const VICTIM = 'loan-1002';
const ANCHOR_PATIENCE_MS = 15_000;

/** The second half of the demo: what was decided is anchored, proven to a stranger, and tampered with in vain. */
export async function playProof(stage: Stage, server: StoryProcess): Promise<SceneResult[]> {
  const anchored = await anchor(stage);
  const bundle = await prove(stage);
  // From here on there is no ledger to ask.
  stage.client.close();
  await server.end('SIGTERM');
  return [anchored, verifyOffline(stage, bundle), await tamper(stage, bundle)];
}

async function anchor({ client, narrator }: Stage): Promise<SceneResult> {
  await narrator.scene('Every event has become a leaf of one Merkle tree, and its root is signed: a checkpoint');
  const wanted = { executionId: SUBJECT, wanted: 'anchored', timeoutMs: ANCHOR_PATIENCE_MS } as const;
  const { reached, events } = await client.lineage.awaitStanding(wanted);
  if (!reached) throw new Error('the demo did not go as told: nothing was anchored');
  const { sizeLeaves, root, cosignedBy } = await client.lineage.getCheckpoint();
  narrator.say(`${narrator.style.good('checkpoint')} of ${sizeLeaves} leaves, root ${toHex(root).slice(0, 32)}…`);
  for (const { type, index } of events) narrator.say(`${type} of ${SUBJECT} is leaf ${index ?? ''}`);
  narrator.say(narrator.style.dim(`cosigned by ${cosignedBy} witnesses: docs/guides/witness.md brings some`));
  return { scene: 'anchored', outcome: 'anchored', sizeLeaves: sizeLeaves.toString(), cosignedBy };
}

async function prove({ client, narrator, folder }: Stage): Promise<Uint8Array> {
  await narrator.scene(`The evidence of ${SUBJECT} goes into one file; the server is stopped`);
  const bundle = await client.lineage.getEvidence({ executionId: SUBJECT });
  writeFileSync(join(folder, `${SUBJECT}.bundle.json`), bundle);
  narrator.say(`${SUBJECT}.bundle.json, ${bundle.length} bytes: events, openings, policy, keys, proofs, checkpoint`);
  return bundle;
}

function verifyOffline({ narrator, trust }: Stage, bundle: Uint8Array): SceneResult {
  const { style } = narrator;
  const report = verifyBundle(bundle, trust, { require: 'reevaluated' });
  if (!report.accepted) throw new Error('the demo did not go as told: its bundle did not verify');
  narrator.say(`${style.good('VERIFIED')} without a ledger: ${report.verdict}, ${passedOf(report)} checks passed`);
  const changed = verifyBundle(utf8(textOf(bundle).replace('prime borrower', 'prima borrower')), trust);
  if (changed.accepted) throw new Error('the demo did not go as told: a changed bundle verified');
  const failed = changed.checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
  narrator.say(`the same file with one letter changed: ${style.bad('NOT VERIFIED')} (${failed.join(', ')})`);
  return { scene: 'proved', outcome: report.verdict ?? '', changed: failed };
}

async function tamper({ narrator, folder, trust }: Stage, bundle: Uint8Array): Promise<SceneResult> {
  const { style } = narrator;
  await narrator.scene('Somebody with the disk changes one byte of the store behind the ledger’s back');
  const store = join(folder, 'ledger.db');
  const undo = changeByte(store);
  narrator.say(`in the file, the denied ${VICTIM} is now another loan`);
  const report = await checkLedger(settingsOf({ env: {} }, { store, origin: trust.origin }), { trust });
  undo();
  const [finding] = report.findings;
  if (report.verdict === 'sound' || finding === undefined) {
    throw new Error('the demo did not go as told: the changed byte was not found');
  }
  const { kind, code, index, stream = '', revision = '' } = finding;
  narrator.say(
    `writ fsck: ${style.bad(kind)} leaf ${index ?? ''}, ${printable(stream)} revision ${revision} (${code})`,
  );
  const still = verifyBundle(bundle, trust).verdict;
  narrator.say(`evidence that was handed out before does not depend on the store: ${style.good(still ?? '')}`);
  narrator.say(style.dim('the byte is put back'));
  return { scene: 'tampered', outcome: kind, code, index: index ?? null, stream, revision, bundle: still };
}

/** One digit of an event's data, in the file itself. @returns what puts it back */
function changeByte(path: string): () => void {
  const at = readFileSync(path).indexOf(`"executionId":"${VICTIM}"`);
  if (at < 0) throw new Error('the demo did not go as told: the event is not in the file');
  const place = at + `"executionId":"${VICTIM}`.length - 1;
  const write = (digit: string): void => {
    const file = openSync(path, 'r+');
    writeSync(file, digit, place);
    closeSync(file);
  };
  write('9');
  return () => write(VICTIM.slice(-1));
}

function passedOf({ checks }: Report): number {
  return checks.filter(({ status }) => status === 'passed').length;
}
