import type { Command } from 'commander';
import { answering, command, type Shell } from '../command.js';
import { heldAnswer, readHeld, withHolder, type HolderFlags } from '../input/read-grant.js';
import { readDuration } from '../input/read-input.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { receiptText } from '../terminal/show-receipt.js';

interface Flags extends LedgerFlags, HolderFlags {
  readonly ttl?: string;
}

export function renewCommand(shell: Shell): Command {
  const renew = command('renew', 'extend a live lease, as its holder', [
    'writ renew -g grant.json',
    'writ renew -g grant.json --ttl 5m',
  ]).option('--ttl <duration>', "from now on; the policy's ttl when absent");
  return onLedger(withHolder(renew)).action(
    answering(shell, async (flags: Flags) => {
      const { executionId, attempt, holder } = await readHeld(shell.world, flags);
      const ttl = flags.ttl === undefined ? {} : { ttlMs: readDuration(flags.ttl, '--ttl') };
      const answer = await withLedger(shell.world, flags, ({ ledger }) =>
        ledger.renew({ executionId, attempt, holder, ...ttl }),
      );
      return { json: heldAnswer(answer, holder), text: (style) => receiptText(answer.receipt, style) };
    }),
  );
}
