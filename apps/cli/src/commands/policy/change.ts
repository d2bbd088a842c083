import type { Command } from 'commander';
import { answering, command, type Shell } from '../../command.js';
import { onLedger, withLedger, type LedgerFlags } from '../../ledger/open-ledger.js';
import { policyText } from './show.js';

interface Flags extends LedgerFlags {
  readonly reason?: string;
}

/** `activate` and `retire`: both name a version, and say why. */
export function changeCommand(shell: Shell, change: 'activate' | 'retire'): Command {
  const summary = {
    activate: 'put a published version in force; going back to an older one needs a reason',
    retire: 'take a version out of use for good; the one in force then decides nothing: denied',
  }[change];
  const examples = {
    activate: ['writ policy activate payment 1.1.0', 'writ policy activate payment 1.0.0 --reason "1.1.0 refused all"'],
    retire: ['writ policy retire payment 1.0.0 --reason "superseded"'],
  }[change];
  const parent = command(change, summary, examples).argument('<policyId>').argument('<version>');
  const reason = 'recorded with the change';
  const named =
    change === 'retire' ? parent.requiredOption('--reason <text>', reason) : parent.option('--reason <text>', reason);
  return onLedger(named).action(
    answering(shell, async (policyId: string, version: string, flags: Flags) => {
      const answer = await withLedger(shell.world, flags, ({ ledger }) =>
        ledger.policies[change]({
          policyId,
          version,
          ...(flags.reason === undefined ? {} : { reason: flags.reason }),
        }),
      );
      return { json: answer, text: (style) => policyText(answer.policy, style) };
    }),
  );
}
