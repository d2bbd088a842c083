import { randomFillSync } from 'node:crypto';
import type { EventId } from '@writ/encoding';
import type { Randomness } from '@writ/operations';
import { V7Generator } from 'uuidv7';

const POOL_BYTES = 16_384;

/** The system's generator, asked for some pages at a time: a decision draws a dozen salts. */
export function systemRandomness(): Randomness {
  const ids = new V7Generator();
  let pool = Buffer.alloc(0);
  let used = 0;
  return {
    bytes(lengthBytes) {
      if (used + lengthBytes > pool.length) {
        pool = randomFillSync(Buffer.alloc(Math.max(POOL_BYTES, lengthBytes)));
        used = 0;
      }
      const bytes = Uint8Array.from(pool.subarray(used, used + lengthBytes));
      // What was handed out is not kept here a second time.
      pool.fill(0, used, used + lengthBytes);
      used += lengthBytes;
      return bytes;
    },
    eventId: () => ids.generate().toString() as EventId,
  };
}
