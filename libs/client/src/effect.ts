import type { Grant, SignedGrant } from '@writ/evidence';

/** What an effect is given to run with. */
export interface Run<Parameters extends object = object> {
  /** Verified: it is for this execution, these parameters and this process. */
  readonly grant: Grant;
  /** As it was signed, for a resource that checks grants itself. */
  readonly signedGrant: SignedGrant;
  /** From 1. */
  readonly attempt: number;
  /** The same in every attempt: give it to the resource, so that a repeated effect is one effect there. */
  readonly idempotencyKey: string;
  /** Grows with every attempt: a resource that has seen a higher one refuses this run. */
  readonly fencingToken: number;
  /** A frozen copy of the intent's parameters, the ones that were admitted: run with these. */
  readonly parameters: Parameters;
  /** Aborts when the right to run is over. What has been begun by then is to be stopped, or finished and told. */
  readonly signal: AbortSignal;
}

/** The consequential step. Runs only under a grant, at most once per call. */
export type Effect<Result, Parameters extends object = object> = (run: Run<Parameters>) => Promise<Result> | Result;

/**
 * An effect throws this when it knows that nothing happened (the card was declined, the request never left): the
 * attempt is recorded as failed and another may begin. Any other throw leaves the outcome unknown, for a human or for
 * the resource's own records to settle.
 */
export class EffectDidNotHappen extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'EffectDidNotHappen';
  }
}
