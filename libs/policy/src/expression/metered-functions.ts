import {
  CelScalar,
  celEnv,
  celFunc,
  celList,
  celMethod,
  isCelError,
  listType,
  mapType,
  objectType,
  type CelFunc,
  type CelInput,
  type CelList,
  type CelValue,
} from '@bufbuild/cel';
import { POLICY_LIMITS } from '../limits.js';
import { ListUnderConstruction, type Meter } from './meter.js';
import type { PatternCache } from './pattern.js';
import { utcGetters } from './utc-getters.js';

const { BOOL, DOUBLE, DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);
const MAP = mapType(DYN, DYN);
const TIMESTAMP = objectType('google.protobuf.Timestamp');
const DURATION = objectType('google.protobuf.Duration');

/** Prices, in units; `prices.spec.ts` measures that none is too low. */
const MESSAGE_UNITS = 10;
const TIME_UNITS = 20;
const TIME_TEXT_UNITS = 150;
const DURATION_CHARACTER_UNITS = 3;

/** Names of the functions that `instrument` puts into a tree. No expression can spell them: `@` is no letter of CEL. */
export const RANGE_FUNCTION = '@range';
export const NEW_LIST_FUNCTION = '@list';
export const APPEND_FUNCTION = '@append';

const STANDARD: ReadonlyMap<string, CelFunc> = new Map([...celEnv().funcs].map((func) => [func.id, func]));

/**
 * The functions whose work grows with their arguments, charging the meter before they do it, and the few that the
 * library answers in a way that policies cannot have. Each replaces the standard function of the same signature and,
 * where it can, calls it. What is not listed here costs a constant and is paid by the node that calls it.
 */
export function meteredFunctions(meter: Meter, patterns: PatternCache): CelFunc[] {
  return [
    ...comparisons(meter),
    ...concatenations(meter),
    ...stringFunctions(meter, patterns),
    ...conversions(meter),
    ...timeArithmetic(meter),
    ...utcGetters(meter),
    ...comprehensionFunctions(meter),
  ];
}

function comparisons(meter: Meter): CelFunc[] {
  const deep = (name: string): CelFunc => {
    const standard = standardFunction(`${name}(dyn,dyn)`);
    return celFunc(name, [DYN, DYN], BOOL, (left, right) => {
      meter.chargeDeep(left);
      meter.chargeDeep(right);
      return standard(undefined, [left, right]) as boolean;
    });
  };
  const ordered = (name: string): CelFunc => {
    const standard = standardFunction(`${name}(string,string)`);
    return celFunc(name, [STRING, STRING], BOOL, (left, right) => {
      meter.charge(1 + Math.min(left.length, right.length) / 8);
      return standard(undefined, [left, right]) as boolean;
    });
  };
  const inList = standardFunction('@in(dyn,list)');
  return [
    ...['_==_', '_!=_'].map(deep),
    ...['_<_', '_<=_', '_>_', '_>=_'].map(ordered),
    celFunc('@in', [DYN, LIST], BOOL, (value, list) => {
      meter.chargeDeep(value);
      meter.chargeDeep(list);
      return inList(undefined, [value, list]) as boolean;
    }),
  ];
}

function concatenations(meter: Meter): CelFunc[] {
  return [
    celFunc('_+_', [STRING, STRING], STRING, (left, right) => {
      meter.charge(1 + (left.length + right.length) / 8);
      return left + right;
    }),
    // The library nests concatenations, and reading a list nested n deep costs n per item.
    celFunc('_+_', [LIST, LIST], LIST, (left, right) => {
      meter.charge(1 + left.size + right.size);
      return celList([...left, ...right] as CelInput[]);
    }),
  ];
}

function stringFunctions(meter: Meter, patterns: PatternCache): CelFunc[] {
  const sizeOf = (text: string): bigint => {
    meter.charge(1 + text.length / 8);
    let codePoints = 0;
    for (const _ of text) codePoints += 1;
    return BigInt(codePoints);
  };
  return [
    celFunc('size', [STRING], INT, sizeOf),
    celMethod('size', STRING, [], INT, function () {
      return sizeOf(this);
    }),
    celMethod('contains', STRING, [STRING], BOOL, function (part) {
      // The engine's search is linear on most texts and a product on the worst.
      meter.charge(1 + (this.length * (part.length + 1)) / 32);
      return this.includes(part);
    }),
    celMethod('startsWith', STRING, [STRING], BOOL, function (part) {
      meter.charge(1 + part.length / 8);
      return this.startsWith(part);
    }),
    celMethod('endsWith', STRING, [STRING], BOOL, function (part) {
      meter.charge(1 + part.length / 8);
      return this.endsWith(part);
    }),
    celMethod('matches', STRING, [STRING], BOOL, function (pattern) {
      return patterns.test(pattern, this, meter);
    }),
  ];
}

function conversions(meter: Meter): CelFunc[] {
  const int = standardFunction('int(string)');
  const bool = standardFunction('bool(string)');
  const timestamp = standardFunction('timestamp(string)');
  const duration = standardFunction('duration(string)');
  return [
    // `Number(' ')` is 0 and `BigInt('')` is 0n: a text must look like a number before it is read as one.
    celFunc('int', [STRING], INT, (text) => {
      meter.charge(MESSAGE_UNITS);
      return int(undefined, [numeric(text, /^-?\d+$/)]) as bigint;
    }),
    celFunc('double', [STRING], DOUBLE, (text) => {
      meter.charge(MESSAGE_UNITS);
      return Number(numeric(text, /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/));
    }),
    celFunc('bool', [STRING], BOOL, (text) => {
      meter.charge(MESSAGE_UNITS);
      return bool(undefined, [readable(text)]) as boolean;
    }),
    celFunc('timestamp', [STRING], TIMESTAMP, (text) => {
      meter.charge(TIME_TEXT_UNITS);
      return timestamp(undefined, [readable(text)]) as never;
    }),
    celFunc('duration', [STRING], DURATION, (text) => {
      // Each `1h` of a text like `1h1m1h…` is parsed by itself.
      meter.charge(TIME_UNITS + text.length * DURATION_CHARACTER_UNITS);
      return duration(undefined, [readable(text)]) as never;
    }),
    // The library reads these integers as milliseconds where CEL says seconds: refused rather than guessed.
    celFunc('timestamp', [INT], TIMESTAMP, () => {
      meter.charge(MESSAGE_UNITS);
      throw new Error('conversion: `timestamp` takes a text');
    }),
  ];
}

/** Standard functions whose cost does not grow but is far above that of a node: what they make are whole messages. */
function timeArithmetic(meter: Meter): CelFunc[] {
  const [stamp, span] = ['google.protobuf.Timestamp', 'google.protobuf.Duration'];
  const sums = [`${stamp},${span}`, `${span},${stamp}`, `${span},${span}`].map((types) => `_+_(${types})`);
  const differences = [`${stamp},${stamp}`, `${stamp},${span}`, `${span},${span}`].map((types) => `_-_(${types})`);
  const orderings = ['_<_', '_<=_', '_>_', '_>=_'].flatMap((name) => [
    `${name}(${stamp},${stamp})`,
    `${name}(${span},${span})`,
  ]);
  return [
    ...orderings.map((id) => priced(meter, id, MESSAGE_UNITS)),
    ...[...sums, ...differences].map((id) => priced(meter, id, TIME_UNITS)),
    ...[`string(${stamp})`, `string(${span})`].map((id) => priced(meter, id, TIME_TEXT_UNITS)),
  ];
}

/** The standard function of that signature, at a price. */
function priced(meter: Meter, id: string, units: number): CelFunc {
  const standard = standardFunction(id);
  const { name, arguments: types, result } = signatureOf(id);
  return celFunc(name, types, result, (...args: CelValue[]) => {
    meter.charge(units);
    return standard(undefined, args);
  });
}

function comprehensionFunctions(meter: Meter): CelFunc[] {
  return [
    celFunc(RANGE_FUNCTION, [LIST, INT], LIST, (range, nodesPerItem) => {
      meter.charge(1 + range.size * (1 + Number(nodesPerItem)));
      return range;
    }),
    celFunc(RANGE_FUNCTION, [MAP, INT], MAP, (range, nodesPerItem) => {
      meter.charge(1 + range.size * (1 + Number(nodesPerItem)));
      return range;
    }),
    celFunc(NEW_LIST_FUNCTION, [], LIST, () => ListUnderConstruction.start()),
    celFunc(APPEND_FUNCTION, [LIST, DYN], LIST, (list: CelList, item: CelValue) => {
      ListUnderConstruction.append(list, item);
      return list;
    }),
  ];
}

function signatureOf(id: string): CelFunc {
  const standard = STANDARD.get(id);
  if (standard === undefined) throw new Error(`the CEL library has no \`${id}\``);
  return standard;
}

/** A standard function as a plain one: its error is thrown, so that a wrapper can pass it on. */
function standardFunction(id: string): (target: CelValue | undefined, args: CelValue[]) => CelValue {
  const standard = signatureOf(id);
  return (target, args) => {
    const result = standard.call(0, target, args);
    if (result === undefined) throw new Error('found no matching overload');
    if (isCelError(result)) throw result;
    return result;
  };
}

function readable(text: string): string {
  if (text.length > POLICY_LIMITS.conversionLength) throw new Error('conversion: the text is too long');
  return text;
}

function numeric(text: string, pattern: RegExp): string {
  if (!pattern.test(readable(text))) throw new Error('conversion: the text is no number');
  return text;
}
