import type { Command } from 'commander';
import type { Intent, Signal } from '@writ/client';
import { parseDuration, parseInstant, type JsonValue } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import { collect } from '../command.js';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';
import { isObject, readJson, readJsonArgument, readText, textIn } from './read-input.js';

export interface IntentFlags {
  readonly execution?: string;
  readonly policy?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly parameters?: string;
  readonly signal?: readonly string[];
}

export interface NamedIntent {
  readonly executionId: string;
  readonly intent: Intent;
}

/** Adds the flags that name an intent, or change the one in the file. */
export function withIntent(command: Command): Command {
  return command
    .argument('[file]', 'an intent as JSON (`-`: standard input); flags win over it')
    .optionsGroup('The intent:')
    .option('-e, --execution <id>', 'your key of this execution: the same step, the same id')
    .option('-p, --policy <id>', 'the policy that decides')
    .option('--action <name>', 'what is to be done')
    .option('--subject <text>', 'whom or what it is about')
    .option('--parameters <json|@file>', 'the real arguments')
    .option('-s, --signal <name=value>', 'a signal, observed now; repeat it for more', collect);
}

/**
 * The file holds `executionId`, `action`, `subject`, `parameters`, `signals` and `policyId`. A signal is a bare value,
 * or an object of `value`, `observedAt` (an instant, or an age such as `5m`) and `source`.
 * @throws UsageError
 */
export async function readIntent(world: World, file: string | undefined, flags: IntentFlags): Promise<NamedIntent> {
  const text = file === undefined ? '{}' : await readText(world, file);
  const given = readJson(text, file ?? 'the intent');
  if (!isObject(given)) throw new UsageError(`\`${file ?? ''}\` does not hold a JSON object`);
  const known = ['executionId', 'action', 'subject', 'parameters', 'signals', 'policyId'];
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new UsageError(`an intent has no \`${unknown.join('`, `')}\``);
  const nowMs = world.nowMs();
  const parameters =
    flags.parameters === undefined
      ? (given['parameters'] ?? {})
      : await readJsonArgument(world, flags.parameters, '--parameters');
  if (!isObject(parameters)) throw new UsageError('the parameters must be a JSON object');
  const signals = isObject(given['signals']) ? given['signals'] : {};
  const fromFile = Object.entries(signals).map(([name, value]) => [name, signalOf(name, value, nowMs)] as const);
  const fromFlags = (flags.signal ?? []).map((assignment) => assignedSignal(assignment, nowMs));
  return {
    executionId: required(flags.execution ?? given['executionId'], 'executionId', '--execution'),
    intent: {
      action: required(flags.action ?? given['action'], 'action', '--action'),
      subject: required(flags.subject ?? given['subject'], 'subject', '--subject'),
      policyId: required(flags.policy ?? given['policyId'], 'policyId', '--policy'),
      parameters,
      signals: Object.fromEntries([...fromFile, ...fromFlags]),
    },
  };
}

function required(value: JsonValue | undefined, member: string, flag: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(`the intent lacks a \`${member}\``, { advice: `name it in the file or with ${flag}` });
}

function signalOf(name: string, value: JsonValue, nowMs: number): Signal {
  if (!isObject(value)) return { value };
  const { value: inner, observedAt, source, ...rest } = value;
  if (inner === undefined || Object.keys(rest).length > 0) {
    throw new UsageError(
      `signal \`${name}\` is an object of \`value\`, \`observedAt\` and \`source\`, or a bare value`,
    );
  }
  return {
    value: inner,
    ...(observedAt === undefined ? {} : { observedAtMs: observedAtOf(name, observedAt, nowMs) }),
    ...(typeof source === 'string' ? { source } : {}),
  };
}

function observedAtOf(name: string, observedAt: JsonValue, nowMs: number): number {
  try {
    const text = textIn(observedAt);
    return /^[0-9]+[a-z]+$/.test(text) ? nowMs - parseDuration(text) : parseInstant(text);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new UsageError(`signal \`${name}\`: \`observedAt\` is an instant, or an age such as \`5m\``, { cause });
  }
}

/** `name=value`: JSON where it reads as a number, truth value or list, else text. */
function assignedSignal(assignment: string, nowMs: number): readonly [string, Signal] {
  const at = assignment.indexOf('=');
  if (at < 1) throw new UsageError(`\`${assignment}\` is not \`name=value\``);
  const [name, text] = [assignment.slice(0, at), assignment.slice(at + 1)];
  const isJson = /^(true|false|-?[0-9]+(\.[0-9]+)?|\[.*\]|".*")$/s.test(text);
  return [name, { value: isJson ? readJson(text, `signal ${name}`) : text, observedAtMs: nowMs }];
}
