import { randomBytes } from 'node:crypto';

/** Events for loads and fault suites: plain JavaScript, because child processes run without a compiler. */

let last = 0n;

/** A UUIDv7, ascending within the process. */
export function newEventId() {
  const now = BigInt(Date.now()) << 12n;
  last = now > last ? now : last + 1n;
  const time = (last >> 12n).toString(16).padStart(12, '0');
  const counter = (last & 0xfffn).toString(16).padStart(3, '0');
  const tail = randomBytes(8);
  tail[0] = (tail[0] & 0x3f) | 0x80;
  const hex = tail.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${hex.slice(0, 4)}-${hex.slice(4)}`;
}

export function newEvent(over = {}) {
  const eventId = newEventId();
  return {
    eventId,
    type: 'SampleHappened',
    typeVersion: 1,
    data: Buffer.from(`{"of":"${eventId}"}`),
    metadata: Buffer.from('{}'),
    ...over,
  };
}
