import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { copyStore, storeName, type CopyProgress, type EventsCopied } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { progressOn, type Progress } from '../terminal/progress.js';
import { fields, table } from '../terminal/table.js';
import type { Style } from '../terminal/style.js';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

interface Flags {
  readonly from?: string;
  readonly to: string;
}

export function copyCommand(shell: Shell): Command {
  return command('copy', 'bring a whole ledger into another store, byte for byte; stopped, the same again goes on', [
    'writ store copy --from sqlite:.writ/ledger.db --to @target-url.txt   # the file holds esdb://…',
    'WRIT_STORE_URL=esdb://… writ store copy --to sqlite:copy/ledger.db',
  ])
    .option('--from <url>', 'the store as it is; WRIT_STORE_URL when absent')
    .requiredOption('--to <url>', 'where it shall be; empty, or the beginning of the same')
    .addHelpText(
      'after',
      '\nA URL with a password stays out of the list of processes as `@<file>`, whose first line it is.\n' +
        'Stop every node of the ledger first, and start none on the source again: docs/guides/eventstoredb.md.\n' +
        'It ends with both stores read again, side by side. Exit codes: 0 they are the same, 5 they are not.',
    )
    .action(
      answering(shell, async (flags: Flags) => {
        const { world } = shell;
        const from = settingsOf(world, flags.from === undefined ? {} : { store: urlOf(flags.from) });
        const to = settingsOf(world, { store: urlOf(flags.to) });
        const progress = phasesOn(world);
        const copied = await copyStore(from, to, { onProgress: (now) => progress.to(now), signal: world.interrupted });
        progress.end();
        const [source, target] = [storeName(from.store), storeName(to.store)];
        return { json: { from: source, to: target, ...copied }, text: copiedText(source, target, copied) };
      }),
    );
}

/** A URL, or with `@` the file that holds it. */
export function urlOf(flag: string): string {
  if (!flag.startsWith('@')) return flag;
  try {
    return readFileSync(flag.slice(1), 'utf8').split('\n', 1)[0]?.trim() ?? '';
  } catch {
    throw new UsageError(`the file \`${flag.slice(1)}\` cannot be read`);
  }
}

/** One progress for each phase, one under the other. */
function phasesOn({ stderr, nowMs }: World): { to(progress: CopyProgress): void; end(): void } {
  let current: { readonly phase: CopyProgress['phase']; readonly progress: Progress } | undefined;
  return {
    to({ phase, events }) {
      if (current?.phase !== phase) {
        current?.progress.end();
        current = { phase, progress: progressOn(stderr, phase, 0, nowMs) };
      }
      current.progress.to(events);
    },
    end: () => current?.progress.end(),
  };
}

function copiedText(from: string, to: string, copied: EventsCopied): (style: Style) => string {
  const { found, events, types, lineage } = copied;
  return (style) =>
    [
      fields(style, [
        ['from', from],
        ['to', to],
        ['events', `${events}, of which ${found} were there`],
        ['lineage', `${lineage.sizeLeaves} leaves, root ${lineage.root}`],
      ]),
      '',
      table(
        style,
        ['type', 'events'],
        Object.entries(types).map(([type, count]) => [type, String(count)]),
      ),
      '',
      `${style.good('the same')}: every event, byte for byte and in order, in both stores.`,
      'Next: point WRIT_STORE_URL at the target, keep keys, state, mark and lineage folder, and run `writ fsck`.',
    ].join('\n');
}
