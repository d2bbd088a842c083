import { Option, type Command } from 'commander';
import { answering, command, wholeNumber, type Shell } from '../command.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { receiptText } from '../terminal/show-receipt.js';

interface Flags extends LedgerFlags {
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly reason: string;
}

export function reconcileCommand(shell: Shell): Command {
  const reconcile = command(
    'reconcile',
    'settle an attempt whose outcome is not known, after looking at the resource',
    [
      'writ reconcile order-4711 --attempt 1 --outcome succeeded --reason "bank shows reference X1"',
      'writ reconcile order-4711 --attempt 1 --outcome failed --reason "no entry at the bank"   # opens it again',
    ],
  );
  return onLedger(
    reconcile
      .argument('<executionId>')
      .requiredOption('--attempt <n>', 'the attempt that is settled', wholeNumber)
      .addOption(
        new Option('--outcome <outcome>', 'what really became of it')
          .choices(['succeeded', 'failed'])
          .makeOptionMandatory(),
      )
      .requiredOption('--reason <text>', 'how you know; recorded under your name'),
  ).action(
    answering(shell, async (executionId: string, flags: Flags) => {
      const { attempt, outcome, reason } = flags;
      const answer = await withLedger(shell.world, flags, ({ ledger }) =>
        ledger.reconcile({ executionId, attempt, outcome, reason }),
      );
      return { json: answer, text: (style) => receiptText(answer.receipt, style) };
    }),
  );
}
