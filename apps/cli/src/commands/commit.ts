import { Option, type Command } from 'commander';
import { parametersCommitment } from '@writ/evidence';
import { answering, command, type Shell } from '../command.js';
import { commitIdOf, readHeld, withHolder, type Held, type HolderFlags } from '../input/read-grant.js';
import { readJsonArgument } from '../input/read-input.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { receiptText } from '../terminal/show-receipt.js';
import { UsageError } from '../usage-error.js';

interface Flags extends LedgerFlags, HolderFlags {
  readonly outcome: 'succeeded' | 'failed' | 'unknown';
  readonly parameters?: string;
  readonly commitment?: string;
  readonly result?: string;
  readonly commitId?: string;
}

export function commitCommand(shell: Shell): Command {
  const commit = command('commit', 'report how a run ended, as its holder', [
    'writ commit -g grant.json --parameters @args.json',
    `writ commit -g grant.json --parameters @args.json --result '{"bankReference":"X1"}'`,
    'writ commit -g grant.json --parameters @args.json --outcome failed   # surely had no effect: may be tried again',
  ]);
  return onLedger(
    withHolder(commit)
      .optionsGroup('What ran:')
      .addOption(
        new Option('--outcome <outcome>', '`failed` only where there surely was no effect')
          .choices(['succeeded', 'failed', 'unknown'])
          .default('succeeded'),
      )
      .option('--parameters <json|@file>', 'the arguments that were really used; needs --grant')
      .option('--commitment <sha256:…>', 'their commitment, where the executor computed it')
      .option('--result <json|@file>', 'what to record about the result')
      .option('--commit-id <uuid>', 'of this report; follows from holder, attempt and outcome when absent'),
  ).action(
    answering(shell, async (flags: Flags) => {
      const held = await readHeld(shell.world, flags);
      const { outcome, result } = flags;
      const request = {
        executionId: held.executionId,
        attempt: held.attempt,
        holder: held.holder,
        commitId: flags.commitId ?? commitIdOf(held, outcome),
        outcome,
        parameters: await commitmentOf(shell, held, flags),
        ...(result === undefined ? {} : { result: await readJsonArgument(shell.world, result, '--result') }),
      };
      const answer = await withLedger(shell.world, flags, ({ ledger }) => ledger.commit(request));
      return {
        json: { ...answer, commitId: request.commitId },
        text: (style) => receiptText(answer.receipt, style),
      };
    }),
  );
}

async function commitmentOf(shell: Shell, { grant }: Held, flags: Flags): Promise<string> {
  if (flags.commitment !== undefined) return flags.commitment;
  if (grant === undefined || flags.parameters === undefined) {
    throw new UsageError('what were the arguments that ran?', {
      advice: 'give --grant <file> and --parameters <json|@file>, or --commitment',
    });
  }
  return parametersCommitment(grant, await readJsonArgument(shell.world, flags.parameters, '--parameters'));
}
