import { createSigner } from './fast-signer.js';
import { readKeyFile } from './key-file.js';
import type { Signer } from './signer.js';

/** A file of `generateKeyFile`, or the secret itself (copied), for tests and throw-away ledgers. */
export type KeySource = { readonly keyFile: string } | { readonly secretKey: Uint8Array };

/** Keeps no copy of the key but the signer's own. Throws KEY_FILE_INVALID. */
export async function openSigner(source: KeySource): Promise<Signer> {
  if ('secretKey' in source) return createSigner(source.secretKey);
  const key = await readKeyFile(source.keyFile);
  try {
    return await createSigner(key.secretKey);
  } finally {
    key.erase();
  }
}
