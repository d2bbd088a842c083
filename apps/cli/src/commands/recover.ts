import type { Command } from 'commander';
import { recoverLedger, type Recovery } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { readText } from '../input/read-input.js';
import type { Style } from '../terminal/style.js';
import { fields } from '../terminal/table.js';

interface Flags {
  readonly store?: string;
  readonly reason: string;
  readonly checkpoint?: string[];
}

export function recoverCommand(shell: Shell): Command {
  return command('recover', 'let a ledger go on whose store was set back to a backup, or whose mark is lost', [
    'writ recover --reason "disk of 31 January lost, backup of 03:00 restored"',
    'writ recover --reason "mark folder lost" --checkpoint checkpoint-of-the-witness.txt',
  ])
    .requiredOption('--reason <text>', 'why; recorded in the lineage, with who said so')
    .option('--store <path>', 'WRIT_STORE_URL when absent')
    .option(
      '--checkpoint <file...>',
      'signed checkpoints of this ledger from elsewhere, which must not be contradicted',
    )
    .addHelpText(
      'after',
      '\nStop all nodes of the ledger first, and run it on each of them. What it can promise and what not:\n' +
        'docs/decisions/0007-recovery.md. Exit codes: 0 recovered, or nothing to recover; 7 this log cannot go on.',
    )
    .action(
      answering(shell, async (flags: Flags) => {
        const { world } = shell;
        const files = flags.checkpoint ?? [];
        const checkpoints = await Promise.all(files.map((file) => readText(world, file)));
        const recovery = await recoverLedger(settingsOf(world, flags), { reason: flags.reason, checkpoints });
        return { exit: 'OK', json: jsonOf(recovery), text: textOf(recovery) };
      }),
    );
}

function jsonOf(recovery: Recovery): Record<string, unknown> {
  switch (recovery.kind) {
    case 'nothing_to_recover':
      return { ...recovery, sizeLeaves: String(recovery.sizeLeaves) };
    case 'recovered': {
      const { keptSizeLeaves, knownSizeLeaves, forgottenLeaves } = recovery;
      const sizes = { keptSizeLeaves, knownSizeLeaves, forgottenLeaves };
      return { ...recovery, ...Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, String(size)])) };
    }
  }
}

function textOf(recovery: Recovery): (style: Style) => string {
  if (recovery.kind === 'nothing_to_recover') return () => 'Nothing to recover: the store holds all that is known.';
  const { keptSizeLeaves, knownSizeLeaves, lostStreams, forgottenLeaves, madeMark } = recovery;
  return (style) =>
    [
      fields(style, [
        ['leaves kept', String(keptSizeLeaves)],
        ['leaves without their events', String(knownSizeLeaves - keptSizeLeaves)],
        ['the tree goes on at', String(knownSizeLeaves)],
        ['leaves forgotten', String(forgottenLeaves)],
        ['mark', madeMark ? 'made anew' : 'kept'],
      ]),
      lostStreams.length === 0
        ? 'No stream is known to lack an event.'
        : [
            'Streams that lack events. Whether the executions among them ran is unknown; none of them gets a grant again:',
            ...lostStreams.map((name) => `  ${name}`),
          ].join('\n'),
    ].join('\n');
}
