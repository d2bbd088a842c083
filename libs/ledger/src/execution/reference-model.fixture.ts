/** The policy of every story; milliseconds. */
export const LIMITS = {
  SKEW: 1_000,
  TTL: 10_000,
  MAX_TTL: 25_000,
  VALID: 60_000,
  WAIT: 20_000,
  MAX_EVALUATIONS: 3,
  MAX_ATTEMPTS: 3,
  QUORUM: 2,
} as const;
const { SKEW, TTL, MAX_TTL, VALID, WAIT, MAX_EVALUATIONS, MAX_ATTEMPTS, QUORUM } = LIMITS;

/** One step of a story: everything that a caller chooses, and how the clock moves before it. */
export interface Step {
  readonly kind: 'Evaluate' | 'Reserve' | 'Renew' | 'Release' | 'Commit' | 'Reconcile' | 'Approve' | 'Reject' | 'Sweep';
  readonly dt: number;
  readonly holder: string | null;
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed' | 'unknown';
  readonly verdict: 'admitted' | 'denied' | 'escalated';
  readonly n: number;
  readonly person: string;
  readonly ttl: number | undefined;
  readonly wrong: boolean;
  readonly names: 'nothing' | 'last' | 'first' | 'unheard';
}

interface Run {
  h: string;
  placed: number;
  end: number;
  said: [string, string, string][];
  released: boolean;
  expired: boolean;
  settled: string;
}
/** For the property test: what a caller is told, said a second time in as few words as it takes, importing nothing. */
export class ReferenceModel {
  last = 0;
  stand = '';
  because = '';
  until = 0;
  wait = 0;
  firstYes = 0;
  evals = 0;
  prior = -1;
  now = 0;
  wall = 0;
  done = false;
  once = true;
  yes: string[] = [];
  asked: string[] = [];
  runs: Run[] = [];
  late = new Set<number>();
  word = (r: Run) => r.said.at(-1)?.[0] ?? (r.released ? 'released' : '');
  get run() {
    return this.runs.at(-1);
  }
  get maybe() {
    const r = this.run;
    return (
      !this.done && !!r && !r.settled && (this.word(r) === 'unknown' || (r.expired && !r.said.length && this.once))
    );
  }
  get held() {
    const r = this.run;
    return !this.done && !!r && !this.word(r) && !r.expired;
  }
  get free() {
    return this.runs.every((r) => ['released', 'failed'].includes(this.word(r)) || this.wall >= r.end + SKEW);
  }
  get used() {
    return this.runs.length > 0 && this.runs.filter((r) => this.word(r) !== 'released').length >= MAX_ATTEMPTS;
  }
  note(told: string) {
    this.last = this.now;
    return told;
  }
  due() {
    // what time alone has done, once somebody writes it down
    if (this.held && this.wall >= this.run!.end + SKEW) {
      this.run!.expired = true;
      this.note('');
    }
    if (this.stand === 'escalated' && this.now >= this.wait) {
      this.stand = 'denied';
      this.because = 'time';
      this.note('');
    }
  }
  get overdue() {
    return this.held && this.wall >= this.run!.end + SKEW;
  }
  tell(s: Step): string {
    this.now = Math.max(this.wall, this.last);
    if (!this.stand) {
      if (s.kind === 'Evaluate') return s.names === 'nothing' ? this.fresh(s) : 'REEVALUATION_INVALID';
      return s.kind === 'Sweep' ? 'nothing' : 'EXECUTION_NOT_FOUND';
    }
    if (this.last > this.wall + SKEW) return 'CLOCK_AHEAD';
    return this[s.kind](s);
  }
  Evaluate(s: Step): string {
    if (s.wrong) return 'INV-013';
    const id = { nothing: -1, last: this.evals, first: 1, unheard: 99 }[s.names],
      held = this.held && !this.overdue,
      maybe = this.maybe || (this.overdue && this.once);
    const idle = !held && !maybe && !this.done,
      stale = this.stand === 'admitted' && this.now >= this.until,
      gone = this.stand === 'escalated' && this.now >= this.wait;
    if (id > 0 && id !== this.prior) {
      if (id !== this.evals || !idle || !(this.stand === 'denied' || gone || stale)) return 'REEVALUATION_INVALID';
    } else if (!(idle && stale)) return !s.holder || (idle && this.stand !== 'admitted') ? 'replayed' : this.Reserve(s);
    if (this.late.size) return 'INV-013';
    if (this.used) return 'ATTEMPTS_EXHAUSTED';
    if (this.evals >= MAX_EVALUATIONS) return 'EVALUATIONS_EXHAUSTED';
    if (s.holder && (this.runs.some((r) => r.h === s.holder) || !this.free)) return 'INV-013';
    return this.fresh(s);
  }
  fresh(s: Step): string {
    if (s.holder && s.ttl && s.ttl > MAX_TTL) return 'LEASE_LIMIT';
    if (this.stand) this.due();
    [this.stand, this.because, this.until, this.wait, this.yes, this.prior] = [
      s.verdict,
      '',
      this.wall + VALID,
      this.now + WAIT,
      [],
      this.evals || -1,
    ];
    this.evals += 1;
    this.asked.push(s.person);
    if (s.verdict === 'admitted' && s.holder && this.now < this.until) this.place(s);
    return this.note('decided');
  }
  place(s: Step) {
    this.runs.push({
      h: s.holder ?? 'h0',
      placed: this.now,
      end: this.now + (s.ttl ?? TTL),
      said: [],
      released: false,
      expired: false,
      settled: '',
    });
  }
  Reserve(s: Step): string {
    this.due();
    const h = s.holder ?? 'h0';
    if (this.held && this.run!.h === h) return 'reissued';
    if (this.held || this.maybe || this.done || this.runs.some((r) => r.h === h) || this.late.size) return 'INV-013';
    if (this.stand !== 'admitted') return 'NOT_RESERVABLE';
    if (this.used) return 'ATTEMPTS_EXHAUSTED';
    if (this.now >= this.until) return 'ADMISSION_LAPSED';
    if (!this.free) return 'INV-013';
    if (s.ttl && s.ttl > MAX_TTL) return 'LEASE_LIMIT';
    this.place(s);
    return this.note('reserved');
  }
  mine(s: Step): Run | string {
    const r = this.runs[s.attempt - 1];
    return !r ? 'ATTEMPT_MISMATCH' : r.h !== (s.holder ?? 'h0') ? 'HOLDER_MISMATCH' : r;
  }
  Renew(s: Step): string {
    const r = this.mine(s);
    if (typeof r === 'string') return r;
    this.due();
    if (!this.held || this.run !== r) return 'LEASE_LAPSED';
    const top = r.placed + MAX_TTL,
      wish = this.now + (s.ttl ?? TTL),
      end = s.ttl ? wish : Math.min(wish, top);
    if ((s.ttl && s.ttl > MAX_TTL) || end > top || (r.end >= top && wish > top)) return 'LEASE_LIMIT';
    if (end <= r.end) return 'done again';
    r.end = end;
    return this.note('done');
  }
  Release(s: Step): string {
    const r = this.mine(s);
    if (typeof r === 'string') return r;
    if (r.released) return 'done again';
    this.due();
    if (!this.held || this.run !== r) return 'LEASE_LAPSED';
    r.released = true;
    return this.note('done');
  }
  Commit(s: Step): string {
    const r = this.mine(s);
    if (typeof r === 'string') return r;
    const [id, body] = [String(s.n), s.outcome],
      before = r.said.find((x) => x[1] === id);
    if (before) return before[2] === body ? 'done again' : 'INV-013';
    if (s.wrong) return 'PARAMETERS_MISMATCH';
    if (r.said.some((x) => x[0] !== 'unknown') || (s.outcome === 'unknown' && r.said.length)) return 'INV-013';
    if (r !== this.run || r.settled || this.done) this.late.add(s.attempt);
    else this.done = s.outcome === 'succeeded';
    r.said.push([s.outcome, id, body]);
    return this.note('done');
  }
  Reconcile(s: Step): string {
    const [r, outcome] = [this.runs[s.attempt - 1], s.outcome === 'unknown' ? 'failed' : s.outcome];
    if (!r) return 'ATTEMPT_MISMATCH';
    const waits = this.late.has(s.attempt) || (r === this.run && (this.maybe || (this.overdue && this.once)));
    if (!waits && r.settled === outcome) return 'done again';
    this.due();
    if (!waits) return 'NOT_RECONCILABLE';
    this.late.delete(s.attempt);
    r.settled = outcome;
    this.done ||= outcome === 'succeeded';
    return this.note('done');
  }
  Approve(s: Step): string {
    if (this.yes.includes(s.person) && !s.wrong && this.stand !== 'denied') return 'done again';
    return this.judge(s) ?? this.granted(s);
  }
  granted(s: Step) {
    if (!this.yes.length) this.firstYes = this.now;
    this.yes.push(s.person);
    if (this.yes.length === QUORUM) {
      this.stand = 'admitted';
      this.until = Math.min(this.until, this.firstYes + WAIT, this.wait + WAIT);
    }
    return this.note('done');
  }
  Reject(s: Step): string {
    if (this.because === 'rejected' && !s.wrong) return 'done again';
    const no = this.judge(s);
    if (no) return no;
    this.stand = 'denied';
    this.because = 'rejected';
    return this.note('done');
  }
  judge(s: Step) {
    this.due();
    return this.stand !== 'escalated' || s.wrong
      ? 'NOT_ESCALATED'
      : this.asked.includes(s.person)
        ? 'APPROVER_NOT_ALLOWED'
        : undefined;
  }
  Sweep(): string {
    const before = [this.overdue, this.stand];
    this.due();
    return before[0] || before[1] !== this.stand ? 'done' : 'nothing';
  }
}
