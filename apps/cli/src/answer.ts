import { EXIT_CODES, type ExitName } from './exit-code.js';
import { jsonForm } from './json-form.js';
import { styleOf, type Style } from './terminal/style.js';
import type { World } from './world.js';

/** What a command has to tell, in both forms. */
export interface Answer {
  /** Default `OK`. */
  readonly exit?: ExitName;
  /** With `--json`: the one document on standard output. */
  readonly json: unknown;
  /** Without: text for people. */
  readonly text: (style: Style) => string;
}

/** An answer of many parts: with `--json` one line per part (JSON Lines), as each comes. */
export interface LinesAnswer {
  readonly exit?: ExitName;
  readonly jsonLines: AsyncIterable<unknown> | Iterable<unknown>;
  /** Told after each part; `undefined` says nothing. */
  readonly textOf: (part: unknown, style: Style) => string | undefined;
}

export function isLines(answer: Answer | LinesAnswer): answer is LinesAnswer {
  return 'jsonLines' in answer;
}

/** Writes an answer to standard output. Resolves with the exit code. */
export async function tell(world: World, answer: Answer | LinesAnswer, asJson: boolean): Promise<number> {
  const style = styleOf(world, world.stdout);
  if (isLines(answer)) {
    for await (const part of answer.jsonLines) {
      const text = asJson ? JSON.stringify(jsonForm(part)) : answer.textOf(part, style);
      if (text !== undefined) world.stdout.write(`${text}\n`);
    }
  } else {
    const text = asJson ? JSON.stringify(jsonForm(answer.json), null, 2) : answer.text(style);
    if (text !== '') world.stdout.write(`${text}\n`);
  }
  return EXIT_CODES[answer.exit ?? 'OK'].exitCode;
}
