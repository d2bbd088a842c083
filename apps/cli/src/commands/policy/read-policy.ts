import {
  compilePolicy,
  parsePolicy,
  runTests,
  type PolicyDocument,
  type PolicyFinding,
  type TestOutcome,
} from '@writ/policy';
import { readText } from '../../input/read-input.js';
import { outcomeText } from '../../terminal/show-receipt.js';
import { printable, type Style } from '../../terminal/style.js';
import { UsageError } from '../../usage-error.js';
import type { World } from '../../world.js';

/** A policy file, read here: what publishing it would say. */
export interface PolicyReading {
  readonly file: string;
  readonly text: string;
  readonly publishable: boolean;
  readonly digest?: string;
  readonly document?: PolicyDocument;
  readonly findings: readonly PolicyFinding[];
  readonly tests: readonly TestOutcome[];
}

export async function readPolicy(world: World, file: string): Promise<PolicyReading> {
  const text = await readText(world, file);
  const { document, digest, findings } = parsePolicy(text, 'auto');
  const tests = document === undefined ? [] : runTests(compilePolicy(document));
  return {
    file,
    text,
    publishable: document !== undefined && tests.every(({ passed }) => passed),
    ...(digest === undefined ? {} : { digest }),
    ...(document === undefined ? {} : { document }),
    findings,
    tests,
  };
}

/** For commands that need a sound document. @throws UsageError */
export async function requirePolicy(world: World, file: string): Promise<PolicyDocument> {
  const { document } = await readPolicy(world, file);
  if (document !== undefined) return document;
  throw new UsageError(`\`${file}\` is not a policy`, { advice: `\`writ policy lint ${file}\` says why` });
}

export function findingsText({ file, findings }: PolicyReading, style: Style): string[] {
  return findings.map(({ severity, code, message, line, column }) => {
    const mark = severity === 'error' ? style.bad(severity) : style.wait(severity);
    return `${printable(file)}:${line}:${column} ${mark} ${style.bold(code)} ${printable(message)}`;
  });
}

export function testsText({ tests }: PolicyReading, style: Style): string[] {
  return tests.map(({ name, passed, expected, actual }) => {
    if (passed) return `${style.good('pass')} ${printable(name)} ${style.dim(actual.outcome)}`;
    const rule = (name: string | null | undefined): string => (name == null ? '' : ` by ${printable(name)}`);
    const wanted = `${outcomeText(expected.outcome, style)}${rule(expected.rule)} ${expected.code ?? ''}`.trimEnd();
    const got = `${outcomeText(actual.outcome, style)}${rule(actual.rule)} (${actual.codes.join(', ')})`;
    return `${style.bad('FAIL')} ${printable(name)}\n     expected ${wanted}\n     got      ${got}`;
  });
}

/** As `--json` tells it; the same members as the answer of LintPolicy, and the file. */
export function readingJson({ file, publishable, digest, findings, tests }: PolicyReading): object {
  return { file, publishable, ...(digest === undefined ? {} : { digest }), findings, tests };
}
