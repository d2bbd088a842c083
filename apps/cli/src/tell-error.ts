import { ERROR_CODES, LedgerError, type ErrorKind } from '@writ/errors';
import { EXIT_CODES, exitNameOf, type ExitName } from './exit-code.js';
import { jsonForm } from './json-form.js';
import { printable, styleOf } from './terminal/style.js';
import { UsageError } from './usage-error.js';
import type { World } from './world.js';

/** What somebody can do about an error, by its kind. */
export const KIND_ADVICE = {
  Rejected: 'mend the request; repeating it as it is changes nothing',
  Conflict: 'somebody else was first: look at what is there, do not repeat',
  Unavailable: 'repeat the same command with the same ids; what may have happened is then told, not done twice',
  Integrity: 'stop and look: something is there that must never be; keep the store as it is',
} as const satisfies Record<ErrorKind, string>;

/** Says on standard error what went wrong and what to do; with `--json` also as the one document on standard output. */
export function tellError(world: World, error: unknown, asJson: boolean): number {
  const told = describe(error);
  const style = styleOf(world, world.stderr);
  world.stderr.write(`${style.bad(told.code)}: ${printable(told.message)}\n`);
  for (const line of told.advice) world.stderr.write(`  ${style.dim(printable(line))}\n`);
  if (asJson) {
    const { advice: _, exit, ...rest } = told;
    world.stdout.write(`${JSON.stringify({ error: { ...rest, exitCode: EXIT_CODES[exit].exitCode } }, null, 2)}\n`);
  }
  return EXIT_CODES[told.exit].exitCode;
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly exit: ExitName;
  readonly kind?: ErrorKind;
  readonly retryable?: boolean;
  readonly details?: unknown;
  readonly advice: readonly string[];
}

function describe(error: unknown): Told {
  if (error instanceof LedgerError) return describeLedgerError(error);
  if (error instanceof UsageError) {
    const advice = error.advice === undefined ? [] : [error.advice];
    return { code: 'USAGE', message: error.message, exit: 'USAGE', advice };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message).split('\n') : [String(error)];
  const [message = 'unknown', ...frames] = stack;
  return { code: 'BUG', message, exit: 'BUG', advice: [...frames.map((frame) => frame.trim()), 'please report this'] };
}

function describeLedgerError(error: LedgerError): Told {
  const { code, kind, message, retryable } = error;
  const details = jsonForm(error.details);
  return {
    code,
    message,
    exit: exitNameOf(code),
    kind,
    retryable,
    details,
    advice: [ERROR_CODES[code].meaning, ...placesOf(error), `${kind}: ${KIND_ADVICE[kind]}`],
  };
}

/** The parts of the details that a person wants at once: findings and failed tests of a policy, the field. */
function placesOf({ details }: LedgerError): string[] {
  const findings = listIn(details, 'findings').map(
    ({ line, column, code, message }) => `${String(line)}:${String(column)} ${String(code)} ${String(message)}`,
  );
  const tests = listIn(details, 'tests').map(
    ({ name, expected, actual }) => `test \`${String(name)}\`: expected ${String(expected)}, got ${String(actual)}`,
  );
  const rest = ['field', 'reason', 'state', 'path', 'mayHaveHappened', 'retryAfterMs'].flatMap((name) => {
    const value = details[name];
    return ['string', 'number', 'boolean'].includes(typeof value) ? [`${name}: ${String(value)}`] : [];
  });
  return [...findings, ...tests, ...rest];
}

function listIn(details: Readonly<Record<string, unknown>>, name: string): readonly Record<string, unknown>[] {
  const value = details[name];
  return Array.isArray(value) ? (value as readonly Record<string, unknown>[]) : [];
}
