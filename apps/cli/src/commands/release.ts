import type { Command } from 'commander';
import { answering, command, type Shell } from '../command.js';
import { readHeld, withHolder, type HolderFlags } from '../input/read-grant.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { receiptText } from '../terminal/show-receipt.js';

interface Flags extends LedgerFlags, HolderFlags {
  readonly reason: string;
}

export function releaseCommand(shell: Shell): Command {
  const release = command('release', 'give a reservation back before anything ran; uses up no attempt', [
    'writ release -g grant.json --reason "deploy window closed"',
  ]).requiredOption('--reason <text>', 'recorded');
  return onLedger(withHolder(release)).action(
    answering(shell, async (flags: Flags) => {
      const { executionId, attempt, holder } = await readHeld(shell.world, flags);
      const answer = await withLedger(shell.world, flags, ({ ledger }) =>
        ledger.release({ executionId, attempt, holder, reason: flags.reason }),
      );
      return { json: answer, text: (style) => receiptText(answer.receipt, style) };
    }),
  );
}
