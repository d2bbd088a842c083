import { CHECK_CODES, codeOfError, type CheckCode } from './check-codes.js';
import type { Check, CheckName, Finding, Subject } from './report.js';

const MAX_FINDINGS = 100;

/** Collects what one check finds. Failed where anything failed, else skipped where anything was skipped, else passed. */
export class Findings {
  readonly #failures: Finding[] = [];
  readonly #skips: Finding[] = [];
  readonly #remarks: Finding[] = [];
  #more = 0;

  fail(code: CheckCode, subject: Subject | null = null, detail: string = CHECK_CODES[code]): void {
    this.#add(this.#failures, { code, subject, detail });
  }

  skip(code: CheckCode, subject: Subject | null = null, detail: string = CHECK_CODES[code]): void {
    this.#add(this.#skips, { code, subject, detail });
  }

  /** Told, and changes nothing. */
  remark(code: CheckCode, subject: Subject | null = null, detail: string = CHECK_CODES[code]): void {
    this.#add(this.#remarks, { code, subject, detail });
  }

  asCheck(name: CheckName): Check {
    const status = this.#failures.length > 0 ? 'failed' : this.#skips.length > 0 ? 'skipped' : 'passed';
    const findings = [...this.#failures, ...this.#skips, ...this.#remarks];
    const kept = findings.slice(0, MAX_FINDINGS);
    const code = status === 'passed' ? null : (findings[0]?.code ?? null);
    return { name, status, code, findings: kept, more: this.#more + findings.length - kept.length };
  }

  /** Each list is bounded, so that no file makes the report grow without end. */
  #add(list: Finding[], finding: Finding): void {
    if (list.length < MAX_FINDINGS) list.push(finding);
    else this.#more += 1;
  }
}

/** The checks of one report, each run once and none able to throw. */
export class CheckList {
  readonly #checks = new Map<CheckName, Check>();

  /**
   * Runs a check. What it throws is a failure: by its own code where it is an error of ours, else `otherwise`. Returns
   * what the check makes for those that follow; `undefined` where it threw.
   */
  run<T>(name: CheckName, check: (found: Findings) => T, otherwise: CheckCode = 'UNREADABLE'): T | undefined {
    const found = new Findings();
    let made: T | undefined;
    try {
      made = check(found);
    } catch (error) {
      found.fail(codeOfError(error, otherwise));
    }
    this.#checks.set(name, found.asCheck(name));
    return made;
  }

  skip(name: CheckName, code: CheckCode): void {
    this.run(name, (found) => {
      found.skip(code);
    });
  }

  passed(name: CheckName): boolean {
    return this.#checks.get(name)?.status === 'passed';
  }

  get hasFailed(): boolean {
    return [...this.#checks.values()].some(({ status }) => status === 'failed');
  }

  /** The checks of a report in its order; those that were not run rest on one that failed. */
  inOrder(names: readonly CheckName[]): readonly Check[] {
    return names.map((name) => {
      if (!this.#checks.has(name)) this.skip(name, 'RESTS_ON_FAILED');
      return this.#checks.get(name) as Check;
    });
  }
}
