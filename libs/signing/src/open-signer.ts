import { createSigner } from './fast-signer.js';
import { readKeyFile } from './key-file.js';
import { nobleSigner, type Signer } from './signer.js';

/** A file of `generateKeyFile`, or the secret itself (copied), for tests and throw-away ledgers. */
export type KeySource = ({ readonly keyFile: string } | { readonly secretKey: Uint8Array }) & {
  /** `fast` (default): the fastest that works here; `noble`: the reference, whatever else would work. */
  readonly signer?: 'fast' | 'noble';
};

/** Keeps no copy of the key but the signer's own. Throws KEY_FILE_INVALID. */
export async function openSigner(source: KeySource): Promise<Signer> {
  const signerOf = source.signer === 'noble' ? nobleSigner : createSigner;
  if ('secretKey' in source) return signerOf(source.secretKey);
  const key = await readKeyFile(source.keyFile);
  try {
    return await signerOf(key.secretKey);
  } finally {
    key.erase();
  }
}
