import { utf8 } from '@writ/encoding';
import { RejectedError } from '@writ/errors';

import { cosignatureMessage, decodeCosignature } from './cosignature.js';
import { strictly, verifyEd25519, type VerifyEd25519 } from './ed25519.js';
import type { NoteSignature, SignedNote } from './signed-note.js';
import { sameKey, type VerifierKey } from './verifier-key.js';

/** A trusted key whose signatures on the note all verified. */
export interface VerifiedSigner {
  readonly key: VerifierKey;
  /** For a cosignature: when it was made, by its signer's clock; the latest where there are several. */
  readonly timeSeconds?: number;
}

export interface VerifyNoteOptions {
  /** Another implementation of the same rule, for a process that has a faster one. It runs behind our own checks of shape. */
  readonly verifyEd25519?: VerifyEd25519;
}

/**
 * The trusted keys that signed the note, each once, in the order of their first line. Lines by keys that are not in
 * `keys`, or are opaque, are ignored. A line that names a trusted key and does not verify refuses the whole note,
 * also beside a good one by the same key: nobody honest writes such a line.
 * Throws NOTE_SIGNATURE_INVALID then, NOTE_UNSIGNED when no trusted key signed, VERIFIER_KEY_INVALID when two of `keys`
 * differ and share name and id.
 */
export function verifyNote(
  note: SignedNote,
  keys: Iterable<VerifierKey>,
  { verifyEd25519: plugged }: VerifyNoteOptions = {},
): VerifiedSigner[] {
  const known = keysByLine(keys);
  const verify = plugged === undefined ? verifyEd25519 : strictly(plugged);
  const signers = new Map<VerifierKey, VerifiedSigner>();
  for (const line of note.signatures) {
    const key = known.get(lineKey(line));
    if (key === undefined || key.algorithm === 'opaque') continue;
    const signer = verifyLine(note.text, line, key, verify);
    const before = signers.get(key);
    if (before === undefined || (before.timeSeconds ?? 0) < (signer.timeSeconds ?? 0)) signers.set(key, signer);
  }
  if (signers.size === 0) throw new RejectedError('NOTE_UNSIGNED', 'no trusted key has signed the note');
  return [...signers.values()];
}

function verifyLine(text: string, line: NoteSignature, key: VerifierKey, verify: VerifyEd25519): VerifiedSigner {
  if (key.algorithm === 'ed25519') {
    if (verify(utf8(text), line.signature, key.publicKey)) return { key };
  } else {
    const cosignature = decodeCosignature(line.signature);
    if (cosignature !== undefined) {
      const { timeSeconds, signature64 } = cosignature;
      if (verify(cosignatureMessage(timeSeconds, text), signature64, key.publicKey)) return { key, timeSeconds };
    }
  }
  const { name, keyId } = line;
  throw new RejectedError('NOTE_SIGNATURE_INVALID', `the signature by \`${name}\` does not verify`, { name, keyId });
}

function keysByLine(keys: Iterable<VerifierKey>): ReadonlyMap<string, VerifierKey> {
  const known = new Map<string, VerifierKey>();
  for (const key of keys) {
    const before = known.get(lineKey(key));
    if (before !== undefined && !sameKey(before, key)) {
      const { name, keyId } = key;
      throw new RejectedError('VERIFIER_KEY_INVALID', 'two keys have one name and one id', { name, keyId });
    }
    known.set(lineKey(key), before ?? key);
  }
  return known;
}

/** A name holds no space, so no two pairs have the same text. */
function lineKey({ name, keyId }: { readonly name: string; readonly keyId: string }): string {
  return `${name} ${keyId}`;
}
