import type { Command } from 'commander';
import type { EvaluateAnswer } from '@writ/client';
import { answering, command, type Shell } from '../command.js';
import type { ExitName } from '../exit-code.js';
import { drawHolder, heldAnswer, requireFree, saveGrant, underHolder } from '../input/read-grant.js';
import { readDuration, readHolder } from '../input/read-input.js';
import { readIntent, withIntent, type IntentFlags } from '../input/read-intent.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { receiptText } from '../terminal/show-receipt.js';
import type { Style } from '../terminal/style.js';
import { UsageError } from '../usage-error.js';

interface Flags extends IntentFlags, LedgerFlags {
  readonly reserve?: boolean;
  readonly save?: string;
  readonly holder?: string;
  readonly ttl?: string;
  readonly reevaluate?: string;
}

const EXIT: Readonly<Record<string, ExitName>> = { admitted: 'OK', denied: 'NO', escalated: 'ESCALATED' };

/** Exit code of a decision: a script may write `writ evaluate … && run`. */
export function exitOfDecision(outcome: string): ExitName {
  return EXIT[outcome] ?? 'NO';
}

export function evaluateCommand(shell: Shell): Command {
  const evaluate = command('evaluate', 'ask whether something is admissible, and if so reserve the right to run it', [
    'writ evaluate order.json',
    'writ evaluate -e order-4711 -p payment --action payment.send --subject acct-9 \\\n      --parameters @order.json -s amount=12500 -s currency=EUR',
    'writ evaluate order.json --reserve --save grant.json && ./pay && writ commit -g grant.json --parameters @args.json',
  ]);
  return onLedger(
    withIntent(evaluate)
      .optionsGroup('Running it:')
      .option('-r, --reserve', 'when admitted, reserve: the answer then holds a grant; without it, only decide')
      .option('--save <file>', 'write grant and holder to a new file, for commit, renew and release')
      .option('--holder <hex>', 'the holder of a lost answer, to get its grant again; drawn when absent')
      .option('--ttl <duration>', "lease to ask for; the policy's when absent")
      .option('--reevaluate <decisionId>', 'ask again after this denial'),
  ).action(
    answering(shell, async (file: string | undefined, flags: Flags) => {
      const { world } = shell;
      requireFree(flags.save);
      const { executionId, intent } = await readIntent(world, file, flags);
      const reserve = flags.reserve === true || flags.save !== undefined || flags.holder !== undefined;
      if (!reserve && flags.ttl !== undefined) throw new UsageError('`--ttl` needs `--reserve`');
      const holder = flags.holder === undefined ? drawHolder() : readHolder(flags.holder);
      const ask = (): Promise<EvaluateAnswer> =>
        withLedger(world, flags, ({ ledger }) =>
          ledger.evaluate({
            executionId,
            intent,
            ...(reserve ? { holder } : {}),
            ...(flags.ttl === undefined ? {} : { ttlMs: readDuration(flags.ttl, '--ttl') }),
            ...(flags.reevaluate === undefined ? {} : { reevaluate: flags.reevaluate }),
          }),
        );
      const answer = await (reserve ? underHolder(world, holder, ask) : ask());
      if (flags.save !== undefined && answer.grant !== undefined) saveGrant(flags.save, answer, holder);
      return {
        exit: answer.grant === undefined ? exitOfDecision(answer.receipt.decision.outcome) : 'OK',
        json: heldAnswer(answer, holder),
        text: (style) => evaluationText(answer, flags.save, style),
      };
    }),
  );
}

function evaluationText(answer: EvaluateAnswer, saved: string | undefined, style: Style): string {
  const lines = [receiptText(answer.receipt, style)];
  if (answer.grant !== undefined) {
    const where = saved === undefined ? 'shown with --json, kept with --save <file>' : `in ${saved}`;
    lines.push('', `${style.good('granted')}${answer.reissued ? ' again' : ''}: grant and holder ${where}`);
  }
  return lines.join('\n');
}
