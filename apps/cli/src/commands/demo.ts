import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { parseBase64 } from '@writ/encoding';
import { trustOf, type StoreVerification } from '@writ/instance';
import type { TrustFile } from '@writ/verifier';
import type { Answer } from '../answer.js';
import { command, type Shell } from '../command.js';
import { tell } from '../answer.js';
import { narratorOn, type Narrator } from '../demo/narrator.js';
import { startServer, type StoryProcess } from '../demo/processes.js';
import { playProof } from '../demo/proof.js';
import { playStory, verifyAll, type SceneResult, type Stage } from '../demo/story.js';
import { settingsOf } from '../input/settings-of.js';
import { trustFileText } from '../input/trust-file.js';
import { textIn } from '../input/read-input.js';

interface Flags {
  readonly keep?: boolean;
  readonly fast?: boolean;
  readonly json?: boolean;
}

const SKEW_MS = 300;

export function demoCommand(shell: Shell): Command {
  return command('demo', 'a ledger in a temporary folder, a short story on screen, and the proof of it', [
    'writ demo',
    'writ demo --keep   # leaves the ledger, to look around in',
  ])
    .option('--keep', 'leave the folder with store, key and receipts')
    .option('--fast', 'without the pauses between the scenes')
    .action(async (flags: Flags) => {
      const asJson = flags.json === true;
      const narrator = narratorOn(shell.world, { silent: asJson, hurry: flags.fast === true });
      const answer = await demo(shell, narrator, flags.keep === true);
      if (asJson) await tell(shell.world, answer, true);
    });
}

async function demo({ world }: Shell, narrator: Narrator, keep: boolean): Promise<Answer> {
  const startedAtMs = world.nowMs();
  const folder = mkdtempSync(join(tmpdir(), 'writ-demo-'));
  const started: StoryProcess[] = [];
  try {
    await narrator.scene(`A ledger begins in ${keep ? folder : 'a temporary folder'}: a key, a store, a server`);
    const { WritClient } = await import('@writ/client');
    const server = await startServer(folder, SKEW_MS);
    started.push(server);
    const { publicKey, address, origin } = introduced(server);
    const trust = await trustOf(settingsOf({ env: {} }, { store: join(folder, 'ledger.db'), origin }));
    writeFileSync(join(folder, 'trust.txt'), trustFileText(trust));
    narrator.say(`gRPC on ${address}, process ${server.pid}, key ${trust.keys[0]?.keyId ?? ''}`);
    const client = WritClient.connect({
      address,
      tenant: 'demo',
      trust: { origin: trust.origin, publicKeys: [publicKey] },
    });
    const stage: Stage = {
      client,
      narrator,
      folder,
      address,
      trust,
      publicKey: textIn(server.told['publicKey']),
      nowMs: world.nowMs,
      started,
    };
    const scenes = await playStory(stage);
    const verification = await verifyAll(stage);
    scenes.push(...(await playProof(stage, server)));
    const seconds = (world.nowMs() - startedAtMs) / 1_000;
    tellWhereNext(narrator, keep ? folder : undefined, seconds);
    return summary(trust, scenes, verification, seconds, keep ? folder : undefined);
  } finally {
    // The server last: it ends in order, and the folder goes when nobody writes to it any more.
    for (const process of started.reverse()) await process.end(process === started.at(-1) ? 'SIGTERM' : 'SIGKILL');
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

function introduced({ told }: StoryProcess): { origin: string; publicKey: Uint8Array; address: string } {
  const publicKey = parseBase64(textIn(told['publicKey']), 33);
  const port = told['grpcPort'];
  if (typeof port !== 'number') throw new Error('the server did not say where it listens');
  return { origin: textIn(told['origin']), publicKey, address: `127.0.0.1:${port}` };
}

function tellWhereNext(narrator: Narrator, kept: string | undefined, seconds: number): void {
  const { style } = narrator;
  const say = (text: string): void => narrator.say(text);
  say('');
  say(style.dim(`${seconds.toFixed(1)} s`));
  say(style.bold('Where to look next'));
  if (kept === undefined) {
    say('writ demo --keep                         the same, and the ledger stays to look around in');
  } else {
    say(`writ verify ${kept}/loan-1001.bundle.json --trust ${kept}/trust.txt`);
    say(`writ fsck --store ${kept}/ledger.db --trust ${kept}/trust.txt`);
    say(`writ show loan-1001 --tenant demo --origin demo.example/writ --store ${kept}/ledger.db`);
  }
  say('npm run example:credit -- <german.data>  1,000 real applications under a policy');
  say('docs/guides/getting-started.md           a ledger of your own, step by step');
  say('docs/architecture.md                     how a decision is written');
}

function summary(
  trust: TrustFile,
  scenes: readonly SceneResult[],
  verification: StoreVerification,
  seconds: number,
  folder: string | undefined,
): Answer {
  const { events, signed, types } = verification;
  const keyId = trust.keys[0]?.keyId ?? '';
  const kept = folder === undefined ? {} : { folder };
  return {
    json: { origin: trust.origin, keyId, scenes, verification: { events, signed, types }, seconds, ...kept },
    text: () => '',
  };
}
