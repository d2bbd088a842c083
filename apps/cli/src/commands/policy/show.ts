import type { Command } from 'commander';
import type { PolicyVersion } from '@writ/client';
import { formatInstant } from '@writ/encoding';
import { answering, command, type Shell } from '../../command.js';
import { onLedger, withLedger, type LedgerFlags } from '../../ledger/open-ledger.js';
import { outcomeText } from '../../terminal/show-receipt.js';
import { printable, type Style } from '../../terminal/style.js';
import { fields } from '../../terminal/table.js';

export function showPolicyCommand(shell: Shell): Command {
  const show = command('show', 'one version with its document; the one in force when none is named', [
    'writ policy show payment',
    'writ policy show payment 1.0.0 --json',
  ]);
  return onLedger(show.argument('<policyId>').argument('[version]')).action(
    answering(shell, async (policyId: string, version: string | undefined, flags: LedgerFlags) => {
      const policy = await withLedger(shell.world, flags, ({ ledger }) =>
        ledger.policies.get({ policyId, ...(version === undefined ? {} : { version }) }),
      );
      return {
        json: policy,
        text: (style) => `${policyText(policy, style)}\n\n${printable(JSON.stringify(policy.document, null, 2))}`,
      };
    }),
  );
}

export function policyText(policy: PolicyVersion, style: Style): string {
  return fields(style, [
    ['policy', printable(`${policy.tenant}/${policy.policyId} ${policy.version}`)],
    ['state', outcomeText(policy.state, style)],
    ['digest', policy.digest],
    ['published', `${formatInstant(policy.publishedAtMs)} by ${printable(policy.publishedBy)}`],
    ...(policy.activatedAtMs === undefined
      ? []
      : [['activated', formatInstant(policy.activatedAtMs)] satisfies [string, string]]),
    ['signed by', printable(policy.keyId)],
  ]);
}
