import { InvalidArgumentError, type Command } from 'commander';
import { textOf } from '@writ/encoding';
import { UnavailableError } from '@writ/errors';
import { parseBundle } from '@writ/evidence';
import type { Answer } from '../answer.js';
import { answering, collect, command, type Shell } from '../command.js';
import { readDuration } from '../input/read-input.js';
import type { Ledger } from '../ledger/ledger.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { UsageError } from '../usage-error.js';
import { writeNewFile } from '../write-new-file.js';

interface Flags extends LedgerFlags {
  readonly out?: string;
  readonly checkpoint?: bigint;
  readonly withhold?: readonly string[];
  readonly withholdAll?: boolean;
  readonly tlogProof?: boolean;
  readonly revision?: bigint;
  readonly wait: string;
}

export function proveCommand(shell: Shell): Command {
  const prove = command('prove', 'the evidence of an execution as one file, for somebody who trusts nobody', [
    'writ prove loan-1001 --out loan-1001.bundle.json',
    'writ prove loan-1001 --withhold signal:credit_score --out for-the-customer.json',
    'writ prove loan-1001 --tlog-proof --out loan-1001.tlog-proof   # its last event alone, as C2SP has it',
  ])
    .argument('<executionId>')
    .option('-o, --out <file>', 'into this file, which must not exist; standard output when absent')
    .option('--checkpoint <leaves>', 'as of the published checkpoint of this size; the latest when absent', size)
    .option('--withhold <name>', 'leave this opening out: `subject`, `parameters`, `result`, `signal:<name>`', collect)
    .option('--withhold-all', 'leave every opening out: who looks learns the decision and nothing that it rests on')
    .option('--tlog-proof', 'one event, in the format of C2SP tlog-proof')
    .option('--revision <n>', 'with --tlog-proof: which event; the last that is anchored when absent', size)
    .option('--wait <duration>', 'how long to wait until all of it is under a checkpoint', '10s');
  return onLedger(prove).action(
    answering(shell, (executionId: string, flags: Flags) =>
      withLedger(shell.world, flags, ({ ledger }) => proveExecution(ledger, executionId, flags)),
    ),
  );
}

async function proveExecution(ledger: Ledger, executionId: string, flags: Flags): Promise<Answer> {
  if (flags.tlogProof !== true && flags.revision !== undefined) {
    throw new UsageError('`--revision` belongs to `--tlog-proof`: a bundle holds every event');
  }
  // 1. What was decided a moment ago is under a checkpoint a moment later.
  if (flags.checkpoint === undefined) await untilAnchored(ledger, executionId, flags.wait);
  // 2. The file, as the ledger made it; nothing in it needs to be believed.
  const text =
    flags.tlogProof === true ? await tlogProof(ledger, executionId, flags) : await bundle(ledger, executionId, flags);
  if (flags.out === undefined) return { json: printed(text, flags), text: () => text.trimEnd() };
  writeNewFile(flags.out, text);
  const path = flags.out;
  return {
    json: { out: path, bytes: Buffer.byteLength(text), executionId },
    text: (style) =>
      `${style.good('written')} ${path} (${Buffer.byteLength(text)} bytes)\n` +
      `writ verify ${path} --trust trust.txt   # needs no ledger and no network`,
  };
}

async function untilAnchored(ledger: Ledger, executionId: string, wait: string): Promise<void> {
  const timeoutMs = readDuration(wait, '--wait');
  const { reached } = await ledger.lineage.awaitStanding({ executionId, wanted: 'anchored', timeoutMs });
  if (reached) return;
  throw new UnavailableError('NOT_SEQUENCED_YET', `not all of it is under a checkpoint within ${wait}`, {
    executionId,
  });
}

function tlogProof(ledger: Ledger, executionId: string, { checkpoint, revision }: Flags): Promise<string> {
  return ledger.lineage.getTlogProof({
    target: { kind: 'execution', executionId, ...(revision === undefined ? {} : { revision }) },
    ...(checkpoint === undefined ? {} : { checkpointSizeLeaves: checkpoint }),
  });
}

async function bundle(ledger: Ledger, executionId: string, flags: Flags): Promise<string> {
  const { checkpoint, withhold, withholdAll } = flags;
  const left = withholdAll === true ? ('all' as const) : withhold;
  const bytes = await ledger.lineage.getEvidence({
    executionId,
    ...(checkpoint === undefined ? {} : { checkpointSizeLeaves: checkpoint }),
    ...(left === undefined ? {} : { withhold: left }),
  });
  parseBundle(bytes);
  return textOf(bytes);
}

/** A bundle is JSON itself; a proof is a text. */
function printed(text: string, { tlogProof: isProof }: Flags): unknown {
  return isProof === true ? { tlogProof: text } : JSON.parse(text);
}

function size(text: string): bigint {
  if (/^(0|[1-9][0-9]{0,15})$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('a whole number is wanted');
}
