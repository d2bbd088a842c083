import {
  cosignatureMessage,
  encodeCosignature,
  formatNote,
  formatSignatureLines,
  parseAddCheckpoint,
  parseNote,
  verifyCheckpoint,
  type AddCheckpointRequest,
  type NoteSignature,
  type TrustedLog,
  type VerifiedCheckpoint,
} from '@writ/checkpoint';
import { RejectedError } from '@writ/errors';
import { verifyConsistency, verifyGrowthFromEmpty } from '@writ/merkle';
import { opensslVerifyEd25519, type NoteSigner } from '@writ/signing';

import type { WitnessState } from './witness-state.js';

/** An answer of C2SP tlog-witness. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly contentType: string;
  readonly body: string;
}

export interface WitnessOptions {
  readonly logs: readonly TrustedLog[];
  /** A key of type 0x04. */
  readonly signer: NoteSigner;
  readonly state: WitnessState;
  readonly nowMs: () => number;
}

const TEXT = 'text/plain; charset=utf-8';
const SIZE = 'text/x.tlog.size';

/**
 * Cosigns checkpoints of the logs that it knows, each only where it extends all that it cosigned of that log before. It
 * sees sizes and hashes, nothing of what is in a log.
 */
export class Witness {
  readonly #options: WitnessOptions;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** `add-checkpoint`. Rejects only with errors of the state file: then nothing was cosigned. */
  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    // 1. The form.
    const request = orUndefined(() => parseAddCheckpoint(body));
    if (request === undefined) return answer(400, 'the request is malformed');
    const origin = originOf(request);

    // 2. The log, and that it signed: with all its keys that we know, none of them badly.
    const logs = this.#options.logs.filter(({ key }) => key.name === origin);
    if (logs.length === 0) return answer(404, 'the log is not known here');
    const verified = verify(request, logs);
    if (!('checkpoint' in verified)) return verified;
    const { sizeLeaves, rootHash: root } = verified.checkpoint;
    if (request.oldSizeLeaves > sizeLeaves) return answer(400, 'the old size is larger than the new one');

    // 3. It goes on from the tree that we cosigned last.
    const last = this.#options.state.read(origin);
    if (request.oldSizeLeaves !== (last?.sizeLeaves ?? 0n)) return conflict(last?.sizeLeaves ?? 0n);
    if (!extendsLast(request, verified, last?.root)) {
      return answer(422, 'the checkpoint does not extend the one that was cosigned last');
    }

    // 4. The cosignature, told to nobody yet. Its time never goes back, whatever the clock does.
    const timeSeconds = Math.max(Math.floor(this.#options.nowMs() / 1000), last?.timeSeconds ?? 1);
    const line = await this.#cosign(verified.noteText, timeSeconds);
    const note = formatNote({ text: verified.noteText, signatures: [...linesOf(request, logs), line] });

    // 5. On the disk, if the state is still what step 3 saw; then the answer. A crash in between: see `advance`.
    const advanced = this.#options.state.advance(origin, request.oldSizeLeaves, {
      sizeLeaves,
      root,
      note,
      timeSeconds,
    });
    if (!advanced) return conflict(this.#options.state.read(origin)?.sizeLeaves ?? 0n);
    return { status: 200, contentType: TEXT, body: formatSignatureLines([line]) };
  }

  /** The last checkpoint of a log that was cosigned, with the cosignature; `undefined` where there is none. */
  latest(origin: string): string | undefined {
    return this.#options.state.read(origin)?.note;
  }

  get origins(): readonly string[] {
    return [...new Set(this.#options.logs.map(({ key }) => key.name))];
  }

  async #cosign(noteText: string, timeSeconds: number): Promise<NoteSignature> {
    const { key } = this.#options.signer;
    const signature64 = await this.#options.signer.sign(cosignatureMessage(timeSeconds, noteText));
    return { name: key.name, keyId: key.keyId, signature: encodeCosignature({ timeSeconds, signature64 }) };
  }
}

function verify(request: AddCheckpointRequest, logs: readonly TrustedLog[]): VerifiedCheckpoint | WitnessAnswer {
  try {
    const policy = { logs, witnesses: [], quorum: { kind: 'none' } as const };
    return verifyCheckpoint(request.checkpoint, policy, { verifyEd25519: opensslVerifyEd25519 });
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    switch (error.code) {
      case 'NOTE_UNSIGNED':
      case 'NOTE_SIGNATURE_INVALID':
        return answer(403, 'no signature by a key of the log that is known here, or one that does not verify');
      case 'CHECKPOINT_INVALID':
        // The form was seen before; what is left is a size of 0 with the root of something.
        return isEmptyTreeLie(request)
          ? answer(422, 'a tree without leaves has another root')
          : answer(400, error.message);
      default:
        return answer(400, error.message);
    }
  }
}

function extendsLast(
  request: AddCheckpointRequest,
  { checkpoint }: VerifiedCheckpoint,
  lastRoot: Uint8Array | undefined,
): boolean {
  const { oldSizeLeaves, path } = request;
  const { sizeLeaves, rootHash } = checkpoint;
  try {
    if (oldSizeLeaves === 0n || lastRoot === undefined) verifyGrowthFromEmpty(sizeLeaves, rootHash, path);
    else {
      verifyConsistency({
        oldSizeLeaves,
        oldRootHash: lastRoot,
        newSizeLeaves: sizeLeaves,
        newRootHash: rootHash,
        path,
      });
    }
    return true;
  } catch (error) {
    if (error instanceof RejectedError && error.code === 'PROOF_INVALID') return false;
    throw error;
  }
}

/** The first line of the note; what it means is looked at later. */
function originOf({ checkpoint }: AddCheckpointRequest): string {
  return checkpoint.slice(0, checkpoint.indexOf('\n'));
}

function isEmptyTreeLie({ checkpoint }: AddCheckpointRequest): boolean {
  return checkpoint.split('\n')[1] === '0';
}

/** The log's own lines. Those of others are not ours to pass on. */
function linesOf({ checkpoint }: AddCheckpointRequest, logs: readonly TrustedLog[]): readonly NoteSignature[] {
  const { signatures } = parseNote(checkpoint);
  return signatures.filter((line) => logs.some(({ key }) => key.name === line.name && key.keyId === line.keyId));
}

function answer(status: 400 | 403 | 404 | 422, message: string): WitnessAnswer {
  return { status, contentType: TEXT, body: `${message}\n` };
}

function conflict(sizeLeaves: bigint): WitnessAnswer {
  return { status: 409, contentType: SIZE, body: `${String(sizeLeaves)}\n` };
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RejectedError) return undefined;
    throw error;
  }
}
