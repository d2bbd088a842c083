import type { Command } from 'commander';
import { runtimeOf } from '@writ/instance';
import { answering, command, type Shell } from '../command.js';
import { fields } from '../terminal/table.js';

export function buildDigestCommand(shell: Shell): Command {
  return command('build-digest', 'the digest of this build, which every decision records', [
    'writ build-digest',
  ]).action(
    answering(shell, async (_flags: object) => {
      const runtime = runtimeOf();
      return {
        json: runtime,
        text: (style) =>
          fields(style, [
            ['version', runtime.version],
            ['build', runtime.buildDigest],
          ]),
      };
    }),
  );
}
