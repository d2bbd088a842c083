import type { Command } from 'commander';
import type { Execution } from '@writ/client';
import { answering, command, type Shell } from '../command.js';
import { onLedger, openLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import type { OpenLedger } from '../ledger/ledger.js';
import { executionText } from '../terminal/show-receipt.js';

interface Flags extends LedgerFlags {
  readonly watch?: boolean;
}

export function showCommand(shell: Shell): Command {
  const show = command('show', 'what became of an execution, with every event and its proof', [
    'writ show order-4711',
    'writ show order-4711 --watch --json   # one line per change, until interrupted',
  ]);
  return onLedger(
    show.argument('<executionId>').option('-w, --watch', 'again after each event, until interrupted'),
  ).action(
    answering(shell, async (executionId: string, flags: Flags) => {
      if (flags.watch === true) {
        const open = await openLedger(shell.world, flags);
        return {
          jsonLines: watched(shell, open, executionId),
          textOf: (part, style) => `${executionText(part as Execution, style)}\n`,
        };
      }
      const execution = await withLedger(shell.world, flags, ({ ledger }) => ledger.getExecution({ executionId }));
      return { json: execution, text: (style) => executionText(execution, style) };
    }),
  );
}

async function* watched({ world }: Shell, open: OpenLedger, executionId: string): AsyncGenerator<Execution> {
  try {
    yield* open.ledger.watchExecution({ executionId }, { signal: world.interrupted });
  } finally {
    await open.close();
  }
}
