import type { Command } from 'commander';
import { answering, command, type Shell } from '../../command.js';
import { findingsText, readingJson, readPolicy, testsText } from './read-policy.js';

export function lintCommand(shell: Shell): Command {
  return command('lint', 'everything that is wrong with policy files, with line and column; needs no ledger', [
    'writ policy lint docs/policies/*.yaml',
  ])
    .argument('<files...>', 'YAML or JSON; `-`: standard input')
    .action(
      answering(shell, async (files: readonly string[], _flags: object) => {
        const readings = await Promise.all(files.map((file) => readPolicy(shell.world, file)));
        const publishable = readings.every((reading) => reading.publishable);
        return {
          exit: publishable ? 'OK' : 'NO',
          json: { publishable, files: readings.map(readingJson) },
          text: (style) =>
            readings
              .flatMap((reading) => {
                const failed = testsText({ ...reading, tests: reading.tests.filter(({ passed }) => !passed) }, style);
                const verdict = reading.publishable ? style.good('publishable') : style.bad('not publishable');
                const digest = reading.digest === undefined ? '' : style.dim(` ${reading.digest}`);
                return [...findingsText(reading, style), ...failed, `${reading.file}: ${verdict}${digest}`];
              })
              .join('\n'),
        };
      }),
    );
}
