import type { Command } from 'commander';
import { answering, command, type Shell } from '../command.js';
import { drawHolder, heldAnswer, requireFree, saveGrant, underHolder } from '../input/read-grant.js';
import { readDuration, readHolder } from '../input/read-input.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { receiptText } from '../terminal/show-receipt.js';

interface Flags extends LedgerFlags {
  readonly holder?: string;
  readonly ttl?: string;
  readonly save?: string;
}

export function reserveCommand(shell: Shell): Command {
  const reserve = command('reserve', 'reserve an execution that is admitted, approved or open again', [
    'writ reserve order-4711 --save grant.json',
    'writ reserve order-4711 --ttl 2m --json',
  ]);
  return onLedger(
    reserve
      .argument('<executionId>')
      .option('--save <file>', 'write grant and holder to a new file, for commit, renew and release')
      .option('--holder <hex>', 'the holder of a lost answer, to get its grant again; drawn when absent')
      .option('--ttl <duration>', "lease to ask for; the policy's when absent"),
  ).action(
    answering(shell, async (executionId: string, flags: Flags) => {
      requireFree(flags.save);
      const holder = flags.holder === undefined ? drawHolder() : readHolder(flags.holder);
      const ttl = flags.ttl === undefined ? {} : { ttlMs: readDuration(flags.ttl, '--ttl') };
      const answer = await underHolder(shell.world, holder, () =>
        withLedger(shell.world, flags, ({ ledger }) => ledger.reserve({ executionId, holder, ...ttl })),
      );
      if (flags.save !== undefined) saveGrant(flags.save, answer, holder);
      return { json: heldAnswer(answer, holder), text: (style) => receiptText(answer.receipt, style) };
    }),
  );
}
