import { access } from 'node:fs/promises';
import { format, parse } from 'node:path';

import type { KeyId } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { TrustedKey } from '@writ/evidence';

import { AttestationKey } from './attestation-key.js';
import { drawKey, generateSuccessorFile, readPublicHalf } from './key-file.js';
import type { KeySource } from './open-signer.js';

/** The keys that a node has at hand: the first of the ledger, which is what it trusts, and those that replaced it. */
export interface KeyRing {
  /** The public half of the ledger's first key: pinned here, outside the store. */
  readonly root: TrustedKey;
  /** Draws a key. It is durable when it is handed back: nothing is ever announced or signed that a crash can lose. */
  create(nowMs: number): Promise<TrustedKey>;
  /** Where the secret is; `undefined` where it is not at hand. Throws KEY_FILE_INVALID for a file that cannot be used. */
  sourceOf(keyId: KeyId): Promise<KeySource | undefined>;
}

/**
 * The key file at `path`, and beside it one file for each key that replaced it: `attestation-key.json`,
 * `attestation-key.<keyId>.json`. No pointer says which is current: the key stream of the ledger does. So there is nothing to
 * switch on disk, and a crash at any point leaves the files as right as they were.
 */
export async function openKeyRing(path: string): Promise<KeyRing> {
  const { keyId: rootId, publicKey, hasSecret } = await readPublicHalf(path);
  return {
    root: { keyId: rootId, publicKey },
    async create(nowMs) {
      const key = await generateSuccessorFile((keyId) => successorPath(path, keyId), nowMs);
      key.erase();
      return { keyId: key.keyId, publicKey: key.publicKey };
    },
    async sourceOf(keyId) {
      if (keyId === rootId) return hasSecret ? { keyFile: path } : undefined;
      const keyFile = successorPath(path, keyId);
      if (!(await exists(keyFile))) return undefined;
      const key = await readPublicHalf(keyFile);
      if (key.keyId === keyId) return key.hasSecret ? { keyFile } : undefined;
      throw new RejectedError('KEY_FILE_INVALID', 'the key file holds another key than its name says', {
        path: keyFile,
        keyId: key.keyId,
      });
    },
  };
}

/** Keys that end with the process, for a ledger that does. Copies `secretKey`. */
export function memoryKeyRing(secretKey: Uint8Array): KeyRing {
  const secrets = new Map<KeyId, Uint8Array>();
  const keep = (key: AttestationKey): TrustedKey => {
    secrets.set(key.keyId, Uint8Array.from(key.secretKey));
    key.erase();
    return { keyId: key.keyId, publicKey: key.publicKey };
  };
  return {
    root: keep(new AttestationKey(Uint8Array.from(secretKey), 0)),
    create: async (nowMs) => keep(drawKey(nowMs)),
    async sourceOf(keyId) {
      const secret = secrets.get(keyId);
      return secret === undefined ? undefined : { secretKey: secret };
    },
  };
}

/** Where the file of a key lies that replaced the one at `path`. */
export function successorPath(path: string, keyId: KeyId): string {
  const { dir, name, ext } = parse(path);
  return format({ dir, name: `${name}.${keyId}`, ext });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw new RejectedError('KEY_FILE_INVALID', 'the key file cannot be looked at', { path }, { cause: error });
    },
  );
}
