import { CelScalar, celMethod, objectType, type CelFunc } from '@bufbuild/cel';
import type { Meter } from './meter.js';

const TIMESTAMP = objectType('google.protobuf.Timestamp');

const GETTERS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) =>
    (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) /
    86_400_000,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

/**
 * The getters of a timestamp, in UTC. The library's go through the host's local time (so an hour that daylight saving
 * skips there reads as another) and its zones through the host's tables: two machines could answer differently.
 */
export function utcGetters(meter: Meter): CelFunc[] {
  return Object.entries(GETTERS).flatMap(([name, read]) => [
    celMethod(name, TIMESTAMP, [], CelScalar.INT, function () {
      meter.charge(5);
      const { seconds, nanos } = (this as unknown as { message: { seconds: bigint; nanos: number } }).message;
      return BigInt(read(new Date(Number(seconds) * 1000 + Math.floor(nanos / 1_000_000))));
    }),
    celMethod(name, TIMESTAMP, [CelScalar.STRING], CelScalar.INT, () => {
      meter.charge(5);
      throw new Error('conversion: policies have no time zones');
    }),
  ]);
}
