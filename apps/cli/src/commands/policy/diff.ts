import type { Command } from 'commander';
import { canonicalText, parseJson, type JsonObject, type JsonValue } from '@writ/encoding';
import { diffPolicies } from '@writ/policy';
import { answering, command, type Shell } from '../../command.js';
import { onLedger, withLedger, type LedgerFlags } from '../../ledger/open-ledger.js';
import { textIn } from '../../input/read-input.js';
import { printable, type Style } from '../../terminal/style.js';
import { requirePolicy } from './read-policy.js';

interface Flags extends LedgerFlags {
  readonly policy?: string;
}

export function diffCommand(shell: Shell): Command {
  const diff = command('diff', 'what changes between two policies: rules, signals, settings, and what tests come to', [
    'writ policy diff payment-old.yaml payment-new.yaml',
    'writ policy diff --policy payment 1.0.0 1.1.0',
  ]);
  return onLedger(
    diff
      .argument('<before>', 'a file; with --policy a published version')
      .argument('<after>', 'likewise')
      .option('-p, --policy <id>', 'compare versions on the ledger'),
  ).action(
    answering(shell, async (before: string, after: string, flags: Flags) => {
      const { policy } = flags;
      const changes =
        policy === undefined
          ? await diffFiles(shell, before, after)
          : await withLedger(shell.world, flags, ({ ledger }) =>
              ledger.policies.diff({ policyId: policy, fromVersion: before, toVersion: after }),
            );
      return {
        json: { same: changes.length === 0, changes },
        text: (style) =>
          changes.length === 0 ? 'no difference' : changes.map((one) => changeText(one, style)).join('\n'),
      };
    }),
  );
}

async function diffFiles({ world }: Shell, before: string, after: string): Promise<readonly JsonObject[]> {
  const difference = diffPolicies(await requirePolicy(world, before), await requirePolicy(world, after));
  const kinds = ['settings', 'signals', 'rules', 'tests', 'outcomes'] as const;
  return kinds.flatMap((kind) =>
    difference[kind].map((change) => parseJson(canonicalText({ kind, ...change })) as JsonObject),
  );
}

const NOUNS: Readonly<Record<string, string>> = {
  settings: 'setting',
  signals: 'signal',
  rules: 'rule',
  tests: 'test',
  outcomes: 'outcome of test',
};

function changeText({ fields, before, after, ...named }: JsonObject, style: Style): string {
  const [kind, name, change] = [textIn(named['kind']), textIn(named['name']), textIn(named['change'])];
  const what = `${NOUNS[kind] ?? kind} ${style.bold(printable(name))}`;
  if (change === '') return `${style.wait('~')} ${what}: ${shown(before)} → ${shown(after)}`;
  const marks: Readonly<Record<string, string>> = { added: style.good('+'), removed: style.bad('-') };
  const which = Array.isArray(fields) && fields.length > 0 ? ` (${fields.join(', ')})` : '';
  return `${marks[change] ?? style.wait('~')} ${what} ${change}${printable(which)}`;
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'none';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
