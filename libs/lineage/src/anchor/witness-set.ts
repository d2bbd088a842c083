import {
  decodeCosignature,
  parseTrustPolicy,
  verifyNote,
  type NoteSignature,
  type TrustedWitness,
  type TrustPolicy,
} from '@writ/checkpoint';
import { RejectedError } from '@writ/errors';
import type { Hash } from '@writ/merkle';
import { opensslVerifyEd25519 } from '@writ/signing';

import type { TreeHead } from './tree-head.js';
import { addCheckpoint, type WitnessAnswer, type WitnessTransport } from './witness-client.js';

/** What became of asking one witness. */
export interface WitnessOutcome {
  /** Its name in the policy. */
  readonly witness: string;
  readonly result: 'cosigned' | WitnessFailure;
  /** A sentence for people; empty where it cosigned. */
  readonly detail: string;
}

/**
 * `ahead`: it has seen a larger tree of this log than ours. `inconsistent`: it holds our tree for another one than it has
 * seen. Both are a witness' word only, and both are what a fork looks like from outside: look at once.
 */
export type WitnessFailure = 'unreachable' | 'refused' | 'ahead' | 'inconsistent' | 'invalid';

export interface Cosigning {
  readonly cosignatures: readonly NoteSignature[];
  readonly outcomes: readonly WitnessOutcome[];
}

export interface WitnessSetOptions {
  readonly transport: WitnessTransport;
  /** For one witness in one round, with all that it takes. Default 3,000. */
  readonly timeoutMs?: number;
  /** Monotonic. */
  readonly nowMs: () => number;
}

interface Standing {
  readonly witness: TrustedWitness & { readonly url: string };
  /** What it has said that it holds of our log; a guess until it answered. */
  sizeLeaves: bigint;
  failures: number;
  /** Not asked again before. */
  notBeforeMs: number;
  /** It has cosigned the tree that was last asked about. */
  done: boolean;
}

const TIMEOUT_MS = 3_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** The witnesses of one log that are asked to cosign, with what is known of each. */
export class WitnessSet {
  readonly policy: TrustPolicy;
  readonly #standings: readonly Standing[];
  readonly #options: WitnessSetOptions;

  constructor(policy: TrustPolicy, options: WitnessSetOptions) {
    this.policy = policy;
    this.#options = options;
    this.#standings = policy.witnesses.flatMap((witness) =>
      witness.url === undefined || witness.key.algorithm !== 'cosignature-v1'
        ? []
        : [{ witness: { ...witness, url: witness.url }, sizeLeaves: 0n, failures: 0, notBeforeMs: 0, done: false }],
    );
  }

  /** `true` where a witness that has not cosigned the last tree may be asked again. */
  isOneDue(): boolean {
    const nowMs = this.#options.nowMs();
    return this.#standings.some(({ done, notBeforeMs }) => !done && notBeforeMs <= nowMs);
  }

  /** Asks all that are due, side by side. Bounded in time; never throws. */
  async cosign(request: CosignRequest): Promise<Cosigning> {
    const nowMs = this.#options.nowMs();
    const due = this.#standings.filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
    for (const standing of this.#standings) standing.done = false;
    const answers = await Promise.all(due.map((standing) => this.#ask(standing, request)));
    return {
      cosignatures: answers.flatMap(({ cosignatures }) => cosignatures),
      outcomes: answers.map(({ outcome }) => outcome),
    };
  }

  async #ask(standing: Standing, request: CosignRequest): Promise<Answered> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS);
    let answered: Answered;
    try {
      answered = await askTwice(standing, request, this.#options.transport, signal);
    } catch (error) {
      answered = failed(standing, 'unreachable', error instanceof Error ? error.message : String(error));
    }
    standing.done = answered.outcome.result === 'cosigned';
    standing.failures = standing.done ? 0 : standing.failures + 1;
    const waitMs = standing.done ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(standing.failures, 10));
    standing.notBeforeMs = this.#options.nowMs() + waitMs;
    return answered;
  }
}

export interface CosignRequest {
  /** Of the note: what is cosigned. */
  readonly text: string;
  /** With the log's own signature alone. */
  readonly signedNote: string;
  readonly head: TreeHead;
  /** Consistency path from an older size, at least 1, to the head. */
  readonly prove: (oldSizeLeaves: bigint) => Promise<readonly Hash[]>;
}

interface Answered {
  readonly cosignatures: readonly NoteSignature[];
  readonly outcome: WitnessOutcome;
}

/** Once from where the witness should stand, and once more from where it says that it stands. */
async function askTwice(
  standing: Standing,
  request: CosignRequest,
  transport: WitnessTransport,
  signal: AbortSignal,
): Promise<Answered> {
  const { head } = request;
  if (standing.sizeLeaves > head.sizeLeaves) standing.sizeLeaves = head.sizeLeaves;
  for (let attempt = 0; attempt < 2; attempt++) {
    const oldSizeLeaves = standing.sizeLeaves;
    const path = oldSizeLeaves === 0n ? [] : await request.prove(oldSizeLeaves);
    const question = { oldSizeLeaves, path, checkpoint: request.signedNote };
    const answer = await addCheckpoint(standing.witness.url, question, transport, signal);
    if (answer.kind !== 'conflict') return judge(standing, answer, request);
    if (answer.sizeLeaves > head.sizeLeaves) {
      return failed(standing, 'ahead', `it has seen a tree of ${String(answer.sizeLeaves)} leaves`);
    }
    standing.sizeLeaves = answer.sizeLeaves;
  }
  return failed(standing, 'refused', 'it changed its mind about the size that it holds');
}

function judge(
  standing: Standing,
  answer: Exclude<WitnessAnswer, { kind: 'conflict' }>,
  request: CosignRequest,
): Answered {
  switch (answer.kind) {
    case 'inconsistent':
      return failed(standing, 'inconsistent', 'it holds our tree for another one than it has seen');
    case 'refused':
      return failed(standing, 'refused', answer.detail);
    case 'cosigned': {
      const cosignatures = goodLines(standing.witness, request.text, answer.lines);
      if (cosignatures.length === 0)
        return failed(standing, 'invalid', 'its answer holds no cosignature that verifies');
      standing.sizeLeaves = request.head.sizeLeaves;
      return { cosignatures, outcome: { witness: standing.witness.name, result: 'cosigned', detail: '' } };
    }
  }
}

/** The latest good cosignature among the lines; a witness may answer with lines of keys that are not known here. */
function goodLines(witness: TrustedWitness, text: string, lines: readonly NoteSignature[]): readonly NoteSignature[] {
  const own = lines.filter(({ name, keyId }) => name === witness.key.name && keyId === witness.key.keyId);
  try {
    const [signer] = verifyNote({ text, signatures: own }, [witness.key], { verifyEd25519: opensslVerifyEd25519 });
    return own.filter(({ signature }) => decodeCosignature(signature)?.timeSeconds === signer?.timeSeconds).slice(0, 1);
  } catch (error) {
    if (error instanceof RejectedError) return [];
    throw error;
  }
}

function failed(standing: Standing, result: WitnessFailure, detail: string): Answered {
  return { cosignatures: [], outcome: { witness: standing.witness.name, result, detail } };
}

/**
 * The witnesses of a policy file. Its `log` lines are for readers of checkpoints and are not looked at here.
 * Throws TRUST_POLICY_INVALID, and CONFIGURATION_INVALID where a URL is none that could ever be asked.
 */
export function parseWitnessPolicy(text: string, transport: Pick<WitnessTransport, 'requireUrl'>): TrustPolicy {
  const policy = parseTrustPolicy(text);
  for (const { url } of policy.witnesses) if (url !== undefined) transport.requireUrl(url);
  return policy;
}
