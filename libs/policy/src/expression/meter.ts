import { celList, isCelList, isCelMap, type CelInput } from '@bufbuild/cel';
import { POLICY_LIMITS } from '../limits.js';

/** Thrown inside an evaluation that has spent its budget; CEL turns it into an error value. */
class BudgetExceeded extends Error {}

/**
 * The budget of one evaluation, spent on the same thread by what does the work: every comprehension before it loops,
 * every function before it touches something that can be large. Once it is exhausted every later charge fails at once,
 * so an error that `||` swallows cannot keep an evaluation alive, and `exhausted` stays set for the caller to see.
 */
export class Meter {
  #left = 0;
  #exhausted = false;

  /** Starts a new evaluation. */
  reset(units: number = POLICY_LIMITS.evaluationUnits): void {
    this.#left = units;
    this.#exhausted = false;
  }

  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** Units that are left; for tests and for the cost table. */
  get left(): number {
    return this.#left;
  }

  charge(units: number): void {
    // Written so that a NaN exhausts the budget too.
    if (!this.#exhausted && this.#left - units >= 0) {
      this.#left -= units;
      return;
    }
    this.#exhausted = true;
    this.#left = 0;
    throw new BudgetExceeded('budget exceeded');
  }

  /** Charges for touching a whole value: one unit per value, one per eight characters of a string. */
  chargeDeep(value: unknown): void {
    if (typeof value === 'string') {
      this.charge(1 + value.length / 8);
      return;
    }
    // What is neither list nor map nor scalar is a timestamp or duration: a message, which is dear to compare.
    const isMessage = typeof value === 'object' && value !== null && !isCelList(value) && !isCelMap(value);
    this.charge(isMessage ? 20 : 1);
    if (isCelList(value)) {
      for (const item of value) this.chargeDeep(item);
    } else if (isCelMap(value)) {
      for (const [name, item] of value) {
        this.chargeDeep(name);
        this.chargeDeep(item);
      }
    }
  }
}

/** A list that a comprehension is still filling; appending is O(1), where CEL's own concatenation nests. */
export class ListUnderConstruction {
  static readonly #items = new WeakMap<object, CelInput[]>();

  static start(): ReturnType<typeof celList> {
    const items: CelInput[] = [];
    const list = celList(items);
    ListUnderConstruction.#items.set(list, items);
    return list;
  }

  /** Appends to a list made by `start`; `undefined` for any other. */
  static append(list: object, item: CelInput): boolean {
    const items = ListUnderConstruction.#items.get(list);
    items?.push(item);
    return items !== undefined;
  }
}
