import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { EvaluateAnswer } from '@writ/client';
import { sha256, toHex, utf8, type JsonValue } from '@writ/encoding';
import { LedgerError, UnavailableError } from '@writ/errors';
import { parseGrant, parseSignedGrant, type Grant } from '@writ/evidence';
import { wholeNumber } from '../command.js';
import { jsonForm } from '../json-form.js';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';
import { isObject, readHolder, readJson, readText } from './read-input.js';

export interface HolderFlags {
  readonly grant?: string;
  readonly execution?: string;
  readonly attempt?: number;
  readonly holder?: string;
}

/** Who acts on which attempt. `grant` where a grant file was read. */
export interface Held {
  readonly executionId: string;
  readonly attempt: number;
  readonly holder: Uint8Array;
  readonly grant?: Grant;
}

/** Adds the flags of every command that only the holder of a reservation may give. */
export function withHolder(command: Command): Command {
  return command
    .optionsGroup('Which reservation:')
    .option('-g, --grant <file>', 'what `--save` wrote: execution, attempt and holder are taken from it')
    .option('-e, --execution <id>', 'instead of a grant file')
    .option('--attempt <n>', 'instead of a grant file', wholeNumber)
    .option('--holder <hex>', 'instead of a grant file');
}

/** 128 bits that nobody can guess: who has them may run. */
export function drawHolder(): Uint8Array {
  return Uint8Array.from(randomBytes(16));
}

/** Runs a call that may bring a grant. Where its answer is lost, the holder is told: with it the same grant is had again. */
export async function underHolder<T>(world: World, holder: Uint8Array, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof UnavailableError && error.mayHaveHappened) {
      world.stderr.write(`it may have been granted: repeat the command with --holder ${toHex(holder)}\n`);
    }
    throw error;
  }
}

/** What an evaluation with a reservation is told as: the answer, and the holder that later calls must show. */
export function heldAnswer(answer: EvaluateAnswer, holder: Uint8Array): Readonly<Record<string, unknown>> {
  return { ...answer, ...(answer.grant === undefined ? {} : { holder: toHex(holder) }) };
}

/** Before anything is asked: a grant that cannot be kept would only block the execution until its lease ends. @throws UsageError */
export function requireFree(path: string | undefined): void {
  if (path === undefined || !existsSync(path)) return;
  throw new UsageError(`\`${path}\` exists, and nothing is overwritten`, {
    advice: 'it may hold a grant that is still needed; name another file',
  });
}

/** Keeps a grant for the commands that follow; readable by its owner alone. Never over an existing file. */
export function saveGrant(path: string, answer: EvaluateAnswer, holder: Uint8Array): void {
  try {
    const text = `${JSON.stringify(jsonForm(heldAnswer(answer, holder)), null, 2)}\n`;
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new UsageError(`it was granted, and the grant cannot be written to \`${path}\``, {
      advice: `repeat the command with --holder ${toHex(holder)} and another file`,
      cause,
    });
  }
}

/** @throws UsageError */
export async function readHeld(world: World, flags: HolderFlags): Promise<Held> {
  if (flags.grant !== undefined) return readGrantFile(world, flags.grant);
  const { execution, attempt, holder } = flags;
  if (execution === undefined || attempt === undefined || holder === undefined) {
    throw new UsageError('which reservation?', {
      advice: 'give --grant <file>, or --execution, --attempt and --holder',
    });
  }
  return { executionId: execution, attempt, holder: readHolder(holder) };
}

async function readGrantFile(world: World, path: string): Promise<Held> {
  const value = readJson(await readText(world, path), path);
  const { grant: signed, holder } = isObject(value) ? value : ({} as Readonly<Record<string, JsonValue>>);
  if (signed === undefined || typeof holder !== 'string') {
    throw new UsageError(`\`${path}\` holds no grant and holder`, {
      advice: '`writ evaluate … --reserve --save <file>` writes one',
    });
  }
  try {
    const grant = parseGrant(parseSignedGrant(signed).payload);
    return { executionId: grant.executionId, attempt: grant.attempt, holder: readHolder(holder), grant };
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new UsageError(`\`${path}\` holds no grant that can be read`, { cause });
  }
}

/**
 * A commit id that follows from who reports what: the same command, given again, is the same report, and brings the
 * original receipt. A UUIDv7 at the Unix epoch: it is no event id, and nothing is sorted by it.
 */
export function commitIdOf({ executionId, attempt, holder }: Held, outcome: string): string {
  const text = `writ/cli/commit-id/v1\n${toHex(holder)}\n${executionId}\n${attempt}\n${outcome}`;
  const hex = toHex(sha256(utf8(text)));
  const variant = '89ab'[Number.parseInt(hex[15] ?? '0', 16) % 4] ?? '8';
  return `00000000-0000-7${hex.slice(0, 3)}-${variant}${hex.slice(3, 6)}-${hex.slice(16, 28)}`;
}
