import type { Command } from 'commander';
import { answering, command, type Shell } from '../../command.js';
import { findingsText, readingJson, readPolicy, testsText } from './read-policy.js';

export function testCommand(shell: Shell): Command {
  return command('test', "run the policies' own tests; needs no ledger", ['writ policy test payment.yaml'])
    .argument('<files...>', 'YAML or JSON; `-`: standard input')
    .action(
      answering(shell, async (files: readonly string[], _flags: object) => {
        const readings = await Promise.all(files.map((file) => readPolicy(shell.world, file)));
        const tests = readings.flatMap((reading) => reading.tests);
        const failed = tests.filter(({ passed }) => !passed).length;
        const sound = readings.every(({ document }) => document !== undefined);
        return {
          exit: sound && failed === 0 ? 'OK' : 'NO',
          json: { passed: tests.length - failed, failed, files: readings.map(readingJson) },
          text: (style) =>
            [
              ...readings.flatMap((reading) => [
                style.bold(reading.file),
                ...(reading.document === undefined ? findingsText(reading, style) : testsText(reading, style)),
              ]),
              `${tests.length - failed} passed, ${failed} failed`,
            ].join('\n'),
        };
      }),
    );
}
