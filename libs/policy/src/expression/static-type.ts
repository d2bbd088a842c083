import type { ScalarShape, SignalShape } from '../document/policy-document.js';

export type ScalarKind = 'bool' | 'int' | 'double' | 'string' | 'timestamp' | 'duration' | 'null' | 'map' | 'dyn';

/** What is known of a value before evaluation. `dyn` is anything: parameters and what comes of them. */
export type StaticType =
  | {
      readonly kind: ScalarKind;
      /** The only values that an enum signal can have. */
      readonly values?: readonly string[];
      /** The value of a string literal. */
      readonly literal?: string;
      readonly maxLength?: number;
    }
  | { readonly kind: 'list'; readonly items: StaticType; readonly maxItems?: number };

export const DYN: StaticType = { kind: 'dyn' };
export const BOOL: StaticType = { kind: 'bool' };

export function typeOfSignal(shape: SignalShape): StaticType {
  if (shape.type === 'list') return { kind: 'list', items: typeOfScalar(shape.items), maxItems: shape.maxItems };
  return typeOfScalar(shape);
}

function typeOfScalar(shape: ScalarShape): StaticType {
  switch (shape.type) {
    case 'enum':
      return { kind: 'string', values: shape.values, maxLength: Math.max(...shape.values.map(({ length }) => length)) };
    case 'string':
      return { kind: 'string', maxLength: shape.maxLength };
    case 'int':
    case 'double':
    case 'bool':
    case 'timestamp':
      return { kind: shape.type };
  }
}

/**
 * Every function and operator that policies have, with its signatures: arguments (for methods, the target first),
 * then the result. What is missing here does not exist. Equality and the operators of logic are typed by hand.
 */
const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  '!_': ['bool:bool'],
  '-_': ['int:int', 'double:double'],
  '_+_': [
    'int,int:int',
    'double,double:double',
    'string,string:string',
    'list,list:list',
    'timestamp,duration:timestamp',
    'duration,timestamp:timestamp',
    'duration,duration:duration',
  ],
  '_-_': [
    'int,int:int',
    'double,double:double',
    'timestamp,timestamp:duration',
    'timestamp,duration:timestamp',
    'duration,duration:duration',
  ],
  '_*_': ['int,int:int', 'double,double:double'],
  '_/_': ['int,int:int', 'double,double:double'],
  '_%_': ['int,int:int'],
  '_<_': orderings(),
  '_<=_': orderings(),
  '_>_': orderings(),
  '_>=_': orderings(),
  size: ['string:int', 'list:int', 'map:int'],
  int: ['int:int', 'double:int', 'string:int', 'timestamp:int', 'duration:int'],
  double: ['double:double', 'int:double', 'string:double'],
  string: ['string:string', 'int:string', 'double:string', 'bool:string', 'timestamp:string', 'duration:string'],
  bool: ['bool:bool', 'string:bool'],
  timestamp: ['string:timestamp', 'timestamp:timestamp'],
  duration: ['string:duration', 'duration:duration'],
};

/** The same for methods, called on a target. */
const METHOD_SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  size: ['string:int', 'list:int', 'map:int'],
  contains: ['string,string:bool'],
  startsWith: ['string,string:bool'],
  endsWith: ['string,string:bool'],
  matches: ['string,string:bool'],
  getFullYear: ['timestamp:int'],
  getMonth: ['timestamp:int'],
  getDate: ['timestamp:int'],
  getDayOfMonth: ['timestamp:int'],
  getDayOfWeek: ['timestamp:int'],
  getDayOfYear: ['timestamp:int'],
  getHours: ['timestamp:int', 'duration:int'],
  getMinutes: ['timestamp:int', 'duration:int'],
  getSeconds: ['timestamp:int', 'duration:int'],
  getMilliseconds: ['timestamp:int', 'duration:int'],
};

function orderings(): string[] {
  return [
    'int,int:bool',
    'double,double:bool',
    'int,double:bool',
    'double,int:bool',
    'string,string:bool',
    'bool,bool:bool',
    'timestamp,timestamp:bool',
    'duration,duration:bool',
  ];
}

export type CallTyping =
  | { readonly outcome: 'typed'; readonly type: StaticType }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'unknown' };

/** The type of a call, by its signatures. A `dyn` argument fits every one; the result is then known if all agree. */
export function typeOfCall(name: string, args: readonly StaticType[], isMethod: boolean): CallTyping {
  const table = isMethod ? METHOD_SIGNATURES : SIGNATURES;
  const signatures = Object.hasOwn(table, name) ? table[name] : undefined;
  if (signatures === undefined) return { outcome: 'unknown' };
  const results = new Set<string>();
  for (const signature of signatures) {
    const [parameters = '', result = 'dyn'] = signature.split(':');
    const kinds = parameters.split(',');
    const fits =
      kinds.length === args.length && args.every(({ kind }, index) => kind === 'dyn' || kind === kinds[index]);
    if (fits) results.add(result);
  }
  if (results.size === 0) return { outcome: 'mismatch' };
  const [only] = results;
  return { outcome: 'typed', type: results.size === 1 && only !== undefined ? typeNamed(only) : DYN };
}

/** Whether `==` between the two can ever be true. */
export function canBeEqual(left: StaticType, right: StaticType): boolean {
  if (left.kind === 'dyn' || right.kind === 'dyn') return true;
  if (isNumber(left) && isNumber(right)) return true;
  if (left.kind === 'list' && right.kind === 'list') return canBeEqual(left.items, right.items);
  return left.kind === right.kind;
}

/** The literal that an enum can never equal, if the two sides are an enum and such a literal. */
export function impossibleEnumValue(left: StaticType, right: StaticType): string | undefined {
  const [choice, other] = left.kind !== 'list' && left.values !== undefined ? [left, right] : [right, left];
  if (choice.kind === 'list' || choice.values === undefined || other.kind === 'list' || other.literal === undefined)
    return undefined;
  return choice.values.includes(other.literal) ? undefined : other.literal;
}

/** The type that covers both. */
export function join(left: StaticType, right: StaticType): StaticType {
  if (left.kind === 'list' && right.kind === 'list') return { kind: 'list', items: join(left.items, right.items) };
  if (left.kind === 'list' || right.kind === 'list' || left.kind !== right.kind) return DYN;
  const maxLength =
    left.maxLength !== undefined && right.maxLength !== undefined
      ? Math.max(left.maxLength, right.maxLength)
      : undefined;
  return { kind: left.kind, ...(maxLength !== undefined && { maxLength }) };
}

function isNumber({ kind }: StaticType): boolean {
  return kind === 'int' || kind === 'double';
}

function typeNamed(name: string): StaticType {
  return name === 'list' ? { kind: 'list', items: DYN } : { kind: name as ScalarKind };
}
