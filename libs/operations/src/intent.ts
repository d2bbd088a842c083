import { formatInstant, parseBase64, type Commitment, type JsonObject, type JsonValue } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import {
  commit,
  openingsText,
  sealValue,
  type CommitmentName,
  type CommittedIntent,
  type IntentClaim,
  type Opening,
  type Openings,
} from '@writ/ledger';
import type { KeptEvent } from './execution-log.js';
import type { IntentInput, SignalInput } from './operations.js';
import type { Randomness } from './ports.js';
import type { KnownOpenings } from './seal-events.js';

const SALT_BYTES = 16;
const ACTION = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
/** Names stand in clear in the signed decision. What a policy can declare is narrower. */
const SIGNAL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}$/;
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_SUBJECT_LENGTH = 512;
const MAX_SIGNALS = 256;

/** An intent under fresh salts: what is recorded, and what opens it. */
export interface SealedIntent {
  readonly intent: CommittedIntent;
  readonly known: Required<KnownOpenings>;
}

/**
 * Shapes that no decision can be recorded on. (Signals that break a declaration are a decision: denied.)
 * @throws RejectedError `REQUEST_INVALID`, `NAME_INVALID`
 */
export function requireIntent(intent: IntentInput): void {
  if (!ACTION.test(intent.action)) {
    throw new RejectedError('NAME_INVALID', '`action` does not match its pattern', {
      name: 'action',
      pattern: ACTION.source,
    });
  }
  if (intent.subject.length === 0 || intent.subject.length > MAX_SUBJECT_LENGTH) {
    throw new RejectedError('REQUEST_INVALID', `\`subject\` must have 1 to ${MAX_SUBJECT_LENGTH} characters`, {
      field: 'intent.subject',
    });
  }
  const names = Object.keys(intent.signals);
  if (names.length > MAX_SIGNALS) {
    throw new RejectedError('REQUEST_INVALID', `\`signals\` must be at most ${MAX_SIGNALS}`, {
      field: 'intent.signals',
    });
  }
  for (const name of names) {
    if (SIGNAL_NAME.test(name) && !FORBIDDEN_NAMES.has(name)) continue;
    throw new RejectedError('NAME_INVALID', 'a name in `signals` does not match its pattern', {
      name: 'signal',
      pattern: SIGNAL_NAME.source,
    });
  }
}

/** Commits to every value of the intent under its own fresh salt. */
export function sealIntent(input: IntentInput, randomness: Randomness): SealedIntent {
  const openings: Record<string, Opening> = {};
  const texts: Record<string, string> = {};
  const seal = (name: CommitmentName, value: JsonValue): Commitment => {
    const { commitment, opening, openingText } = sealValue(randomness.bytes(SALT_BYTES), name, value);
    openings[name] = opening;
    texts[name] = openingText;
    return commitment;
  };
  const signals: Record<string, Commitment> = {};
  for (const [name, signal] of Object.entries(input.signals)) {
    signals[name] = seal(`signal:${name}`, signalValue(signal));
  }
  const intent = {
    action: input.action,
    policyId: input.policyId,
    subject: seal('subject', input.subject),
    parameters: seal('parameters', input.parameters),
    signals,
  };
  return { intent, known: { openings, text: openingsText(texts) } };
}

/**
 * The intent under the salts of the first decision, to be compared with what that decision committed to. Where an
 * opening was erased nothing can be compared: the claim then equals nothing, and the call is refused as another intent.
 */
export function claimOf(input: IntentInput, first: KeptEvent | undefined, fresh: SealedIntent): IntentClaim {
  const { action, policyId, subject, parameters } = fresh.intent;
  if (first === undefined) return { action, policyId, subject, parameters };
  return {
    action,
    policyId,
    subject: underSaltOf(first.openings, 'subject', input.subject) ?? subject,
    parameters: underSaltOf(first.openings, 'parameters', input.parameters) ?? parameters,
  };
}

/** `true` unless the signals are exactly those that `recorded` committed to. */
export function signalsDiffer(
  input: IntentInput,
  recorded: Readonly<Record<string, Commitment>>,
  openings: Openings,
): boolean {
  const names = Object.keys(input.signals);
  if (names.length !== Object.keys(recorded).length) return true;
  return names.some((name) => {
    const signal = input.signals[name] as SignalInput; // one of its own names
    return underSaltOf(openings, `signal:${name}`, signalValue(signal)) !== recorded[name];
  });
}

function underSaltOf(openings: Openings, name: CommitmentName, value: JsonValue): Commitment | undefined {
  const opening = openings[name];
  return opening === undefined ? undefined : commit(parseBase64(opening.salt, SALT_BYTES), name, value);
}

/** How a signal is committed to: absent members are left out, never null. */
function signalValue({ value, observedAtMs, source }: SignalInput): JsonObject {
  return {
    value,
    ...(observedAtMs === undefined ? {} : { observedAt: formatInstant(observedAtMs) }),
    ...(source === undefined ? {} : { source }),
  };
}
