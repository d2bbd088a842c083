import type { Command } from 'commander';
import type { SimulateAnswer } from '@writ/client';
import { answering, command, type Shell } from '../command.js';
import { readIntent, withIntent, type IntentFlags } from '../input/read-intent.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { outcomeText } from '../terminal/show-receipt.js';
import { printable, type Style } from '../terminal/style.js';
import { fields } from '../terminal/table.js';
import { exitOfDecision } from './evaluate.js';

interface Flags extends IntentFlags, LedgerFlags {
  readonly policyVersion?: string;
}

export function simulateCommand(shell: Shell): Command {
  const simulate = command('simulate', 'what would be decided; nothing is recorded', [
    'writ simulate order.json',
    'writ simulate order.json --policy-version 1.1.0   # before it is activated',
  ]).option('--policy-version <version>', 'a published version; the one in force when absent');
  return onLedger(withIntent(simulate)).action(
    answering(shell, async (file: string | undefined, flags: Flags) => {
      const named = await readIntent(shell.world, file, flags);
      const { policyVersion } = flags;
      const answer = await withLedger(shell.world, flags, ({ ledger }) =>
        ledger.simulate({ ...named, ...(policyVersion === undefined ? {} : { policyVersion }) }),
      );
      return {
        exit: exitOfDecision(answer.decision.outcome),
        json: answer,
        text: (style) => simulationText(answer, style),
      };
    }),
  );
}

function simulationText({ decision, diagnostics }: SimulateAnswer, style: Style): string {
  const tried = diagnostics.map((diagnostic): [string, string] => ['tried', printable(JSON.stringify(diagnostic))]);
  return fields(style, [
    ['would be', outcomeText(decision.outcome, style)],
    ['policy', printable(`${decision.policyId} ${decision.policyVersion} ${decision.rule}`)],
    ...decision.reasons.map(({ code, text }): [string, string] => ['reason', printable(`${code} ${text}`)]),
    ...tried,
  ]);
}
