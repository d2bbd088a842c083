import type { Command } from 'commander';
import { formatInstant } from '@writ/encoding';
import { answering, command, type Shell } from '../../command.js';
import { onLedger, withLedger, type LedgerFlags } from '../../ledger/open-ledger.js';
import { outcomeText } from '../../terminal/show-receipt.js';
import { printable } from '../../terminal/style.js';
import { table } from '../../terminal/table.js';

export function listPoliciesCommand(shell: Shell): Command {
  const list = command('list', 'all versions of all policies of the tenant, or of one policy', [
    'writ policy list',
    'writ policy list payment --json',
  ]);
  return onLedger(list.argument('[policyId]')).action(
    answering(shell, async (policyId: string | undefined, flags: LedgerFlags) => {
      const policies = await withLedger(shell.world, flags, ({ ledger }) =>
        ledger.policies.list(policyId === undefined ? {} : { policyId }),
      );
      return {
        json: { policies },
        text: (style) =>
          table(
            style,
            ['policy', 'version', 'state', 'published', 'digest'],
            policies.map((policy) => [
              printable(policy.policyId),
              printable(policy.version),
              outcomeText(policy.state, style),
              formatInstant(policy.publishedAtMs),
              policy.digest.slice(0, 19),
            ]),
          ),
      };
    }),
  );
}
