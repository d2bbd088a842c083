import { startPatience } from './elapsed.js';
import type { Checkpoint, ConsistencyProof, InclusionProof, StandingAnswer } from './lineage-answers.js';
import type {
  AwaitStandingRequest,
  ConsistencyRequest,
  EvidenceRequest,
  InclusionRequest,
} from './lineage-requests.js';
import {
  AWAIT_STANDING,
  GET_CHECKPOINT,
  GET_CONSISTENCY_PROOF,
  GET_EVIDENCE,
  GET_INCLUSION_PROOF,
  GET_TLOG_PROOF,
} from './lineage-rpcs.js';
import { pause } from './pause.js';
import type { CallOptions } from './requests.js';
import type { Rpc } from './rpc.js';

type Call = <Request, Answer>(rpc: Rpc<Request, Answer>, request: Request, options?: CallOptions) => Promise<Answer>;

/** Longest that one call waits at the server; a longer wait is made of several. */
const MAX_WAIT_MS = 60_000;
const PAUSE_MS = 50;

/**
 * Proofs of what the ledger holds, one method per RPC. The client checks none of them, because a ledger's word about
 * itself is what they replace: hand them to `@writ/verifier` with keys that came another way.
 */
export class LineageClient {
  readonly #tenant: string;
  readonly #call: Call;

  constructor(tenant: string, call: Call) {
    this.#tenant = tenant;
    this.#call = call;
  }

  /** The latest, unless the size of a published one is named. */
  getCheckpoint(request: { readonly sizeLeaves?: bigint } = {}, options?: CallOptions): Promise<Checkpoint> {
    return this.#call(GET_CHECKPOINT, request, options);
  }

  proveInclusion(request: InclusionRequest, options?: CallOptions): Promise<InclusionProof> {
    return this.#call(GET_INCLUSION_PROOF, { ...request, tenant: this.#tenant }, options);
  }

  /** As `proveInclusion`, in the text format of C2SP tlog-proof. */
  getTlogProof(request: InclusionRequest, options?: CallOptions): Promise<string> {
    return this.#call(GET_TLOG_PROOF, { ...request, tenant: this.#tenant }, options);
  }

  proveConsistency(request: ConsistencyRequest, options?: CallOptions): Promise<ConsistencyProof> {
    return this.#call(GET_CONSISTENCY_PROOF, request, options);
  }

  /** The bundle file of one execution, byte for byte (docs/spec/bundle.md). */
  getEvidence(request: EvidenceRequest, options?: CallOptions): Promise<Uint8Array> {
    return this.#call(GET_EVIDENCE, { ...request, tenant: this.#tenant }, options);
  }

  /** How far the events of an execution are, once they are as far as wanted or `timeoutMs` is over: look at `reached`. */
  async awaitStanding(
    { timeoutMs, ...request }: AwaitStandingRequest,
    options: Pick<CallOptions, 'signal'> = {},
  ): Promise<StandingAnswer> {
    const elapsed = startPatience();
    for (;;) {
      const leftMs = Math.max(0, Math.ceil(timeoutMs - elapsed()));
      const wait = { ...request, timeoutMs: Math.min(leftMs, MAX_WAIT_MS), tenant: this.#tenant };
      const answer = await this.#call(AWAIT_STANDING, wait, options);
      // A server answers before the deadline of the call, and when it shuts down.
      if (answer.reached || elapsed() >= timeoutMs || options.signal?.aborted === true) {
        return { tenant: this.#tenant, executionId: request.executionId, ...answer };
      }
      await pause(PAUSE_MS, options.signal);
    }
  }
}
