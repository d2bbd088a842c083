const HASH_BYTES = 32;
const scratch = Buffer.alloc(HASH_BYTES);

/** A hash in base64, by the platform's encoder: for what is done for every event. */
export function hashText(hash: Uint8Array): string {
  scratch.set(hash);
  return scratch.toString('base64');
}
