import type { Command } from 'commander';
import type { PolicyAnswer, PublishAnswer } from '@writ/client';
import { answering, command, type Shell } from '../../command.js';
import { readText } from '../../input/read-input.js';
import { onLedger, withLedger, type LedgerFlags } from '../../ledger/open-ledger.js';
import { policyText } from './show.js';

interface Flags extends LedgerFlags {
  readonly activate?: boolean;
  readonly reason?: string;
}

export function publishCommand(shell: Shell): Command {
  const publish = command('publish', 'lint, test and publish a version: signed, never changed again', [
    'writ policy publish payment.yaml',
    'writ policy publish payment.yaml --activate',
  ]);
  return onLedger(
    publish
      .argument('<file>', 'YAML or JSON; `-`: standard input')
      .option('--activate', 'and put it in force')
      .option('--reason <text>', 'with --activate; needed to go back to an older version'),
  ).action(
    answering(shell, async (file: string, flags: Flags) => {
      const text = await readText(shell.world, file);
      const { published, activated } = await withLedger(shell.world, flags, async ({ ledger }) => {
        const answer: PublishAnswer = await ledger.policies.publish({ text });
        if (flags.activate !== true) return { published: answer, activated: undefined };
        const { policyId, version } = answer.policy;
        const reason = flags.reason === undefined ? {} : { reason: flags.reason };
        const activation: PolicyAnswer = await ledger.policies.activate({ policyId, version, ...reason });
        return { published: answer, activated: activation };
      });
      const { policy } = activated ?? published;
      return {
        json: { ...published, policy, ...(activated === undefined ? {} : { activation: activated.event }) },
        text: (style) =>
          [
            `${published.replayed ? 'was published before' : style.good('published')}${activated === undefined ? '' : ', in force'}`,
            policyText(policy, style),
          ].join('\n'),
      };
    }),
  );
}
