import type { Command } from 'commander';
import { ERROR_CODES, isErrorCode, type ErrorCode } from '@writ/errors';
import { answering, command, type Shell } from '../command.js';
import { exitCodeOf } from '../exit-code.js';
import { KIND_ADVICE } from '../tell-error.js';
import { fields, table } from '../terminal/table.js';
import { UsageError } from '../usage-error.js';

export function errorsCommand(shell: Shell): Command {
  return command('errors', 'what an error code means and what to do about it; all codes when none is named', [
    'writ errors INV-013',
    'writ errors --json',
  ])
    .argument('[code]')
    .action(
      answering(shell, async (code: string | undefined, _flags: object) => {
        if (code === undefined) return allCodes();
        const wanted = code.toUpperCase();
        if (!isErrorCode(wanted)) {
          throw new UsageError(`there is no code \`${code}\``, { advice: '`writ errors` lists them' });
        }
        const row = rowOf(wanted);
        return {
          json: row,
          text: (style) =>
            fields(style, [
              ['code', style.bold(row.code)],
              ['kind', row.kind],
              ['meaning', row.meaning],
              ['what to do', row.advice],
              ['exit code', String(row.exitCode)],
            ]),
        };
      }),
    );
}

function rowOf(code: ErrorCode) {
  const { kind, meaning } = ERROR_CODES[code];
  return { code, kind, meaning, advice: KIND_ADVICE[kind], exitCode: exitCodeOf(code) };
}

function allCodes() {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map(rowOf);
  return {
    json: { errors: rows },
    text: (style: Parameters<typeof table>[0]) =>
      table(
        style,
        ['code', 'kind', 'exit', 'meaning'],
        rows.map(({ code, kind, exitCode, meaning }) => [code, kind, String(exitCode), meaning]),
      ),
  };
}
