import { UnavailableError } from '@writ/errors';
import type { Operations } from '@writ/operations';

/** Counts calls under way, and lets no new ones in once it is shut. */
export class Gate {
  #underWay = 0;
  #shut = false;
  readonly #shutting = new AbortController();
  #whenIdle: (() => void) | undefined;

  get isShut(): boolean {
    return this.#shut;
  }
  get underWay(): number {
    return this.#underWay;
  }

  /** @throws UnavailableError `SHUTTING_DOWN` */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    this.requireOpen();
    this.#underWay += 1;
    try {
      return await call();
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#whenIdle?.();
    }
  }

  requireOpen(): void {
    if (this.#shut) throw new UnavailableError('SHUTTING_DOWN', 'this node takes no new work');
  }

  /** Aborted with `signal`, or when the gate is shut: for calls that only wait. */
  orShut(signal?: AbortSignal): AbortSignal {
    return signal === undefined ? this.#shutting.signal : AbortSignal.any([signal, this.#shutting.signal]);
  }

  /** Shuts, and waits for what is under way, at most `maxWaitMs`. `false`: something still was. */
  async shut(maxWaitMs: number): Promise<boolean> {
    this.#shut = true;
    this.#shutting.abort();
    if (this.#underWay === 0) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), maxWaitMs);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

/** The operations behind the gate. Watching is not work under way: it only reads, and ends with its caller. */
export function behindGate(operations: Operations, gate: Gate): Operations {
  return {
    evaluate: (context, request) => gate.pass(() => operations.evaluate(context, request)),
    simulate: (context, request) => gate.pass(() => operations.simulate(context, request)),
    reserve: (context, request) => gate.pass(() => operations.reserve(context, request)),
    renew: (context, request) => gate.pass(() => operations.renew(context, request)),
    commit: (context, request) => gate.pass(() => operations.commit(context, request)),
    release: (context, request) => gate.pass(() => operations.release(context, request)),
    reconcile: (context, request) => gate.pass(() => operations.reconcile(context, request)),
    getExecution: (context, request) => gate.pass(() => operations.getExecution(context, request)),
    listExecutions: (context, request) => gate.pass(() => operations.listExecutions(context, request)),
    watchExecution: (context, request, signal) => {
      gate.requireOpen();
      return operations.watchExecution(context, request, signal);
    },
    lintPolicy: (context, request) => gate.pass(() => operations.lintPolicy(context, request)),
    publishPolicy: (context, request) => gate.pass(() => operations.publishPolicy(context, request)),
    activatePolicy: (context, request) => gate.pass(() => operations.activatePolicy(context, request)),
    retirePolicy: (context, request) => gate.pass(() => operations.retirePolicy(context, request)),
    getPolicy: (context, request) => gate.pass(() => operations.getPolicy(context, request)),
    listPolicies: (context, request) => gate.pass(() => operations.listPolicies(context, request)),
    diffPolicies: (context, request) => gate.pass(() => operations.diffPolicies(context, request)),
    getCheckpoint: (context, request) => gate.pass(() => operations.getCheckpoint(context, request)),
    proveInclusion: (context, request) => gate.pass(() => operations.proveInclusion(context, request)),
    getTlogProof: (context, request) => gate.pass(() => operations.getTlogProof(context, request)),
    proveConsistency: (context, request) => gate.pass(() => operations.proveConsistency(context, request)),
    getEvidence: (context, request) => gate.pass(() => operations.getEvidence(context, request)),
    awaitStanding: (context, request, signal) =>
      gate.pass(() => operations.awaitStanding(context, request, gate.orShut(signal))),
    getTile: (context, name) => gate.pass(() => operations.getTile(context, name)),
    listKeys: (context) => gate.pass(() => operations.listKeys(context)),
    rotateKey: (context, request) => gate.pass(() => operations.rotateKey(context, request)),
    revokeKey: (context, request) => gate.pass(() => operations.revokeKey(context, request)),
  };
}
