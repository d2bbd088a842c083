import type { Trust } from '@writ/evidence';
import type {
  EvaluateAnswer,
  EvaluateResult,
  Execution,
  ExecutionPage,
  GrantAnswer,
  ReceiptAnswer,
  SimulateAnswer,
} from './answers.js';
import { parseConnectOptions, type ConnectOptions, type Connection, type Timeouts } from './connect-options.js';
import type { Effect } from './effect.js';
import { evaluateStream, type StreamedResult } from './evaluate-stream.js';
import {
  executeFromSignals,
  type ExecuteIntent,
  type ExecuteOptions,
  type ExecutionCalls,
} from './execute-from-signals.js';
import type { ExecuteOutcome } from './execute-outcome.js';
import {
  COMMIT,
  EVALUATE,
  EVALUATE_BATCH,
  GET_EXECUTION,
  LIST_EXECUTIONS,
  RECONCILE,
  RELEASE,
  RENEW,
  RESERVE,
  SIMULATE,
} from './execution-rpcs.js';
import { KeyClient } from './key-client.js';
import { LineageClient } from './lineage-client.js';
import { callPersistently, Rotation } from './persistent-call.js';
import { PolicyClient } from './policy-client.js';
import type {
  CallOptions,
  CommitRequest,
  EvaluateRequest,
  ExecutionName,
  ListExecutionsRequest,
  ReconcileRequest,
  ReleaseRequest,
  RenewRequest,
  ReserveRequest,
  SimulateRequest,
} from './requests.js';
import type { Rpc } from './rpc.js';
import { ServerLink } from './server-link.js';
import { watchExecution } from './watch-execution.js';

/**
 * A ledger as other services call it. `executeFromSignals` is the way to run something; the other methods are one per
 * RPC. Every call is sent again with the same ids while the ledger is `Unavailable`, within its time; every failure is a
 * `LedgerError` (docs/spec/errors.md), and one that says `mayHaveHappened` may be sent again with the same ids later.
 */
export class WritClient implements ExecutionCalls {
  readonly tenant: string;
  readonly trust: Trust | undefined;
  readonly timeouts: Timeouts;
  readonly policies: PolicyClient;
  readonly lineage: LineageClient;
  readonly keys: KeyClient;
  readonly #servers: Rotation<ServerLink>;

  private constructor(connection: Connection) {
    this.tenant = connection.tenant;
    this.trust = connection.trust;
    this.timeouts = connection.timeouts;
    const linkTo = (address: string): ServerLink => new ServerLink(address, connection.tls, connection.token);
    const [first, ...others] = connection.addresses;
    this.#servers = new Rotation([linkTo(first), ...others.map(linkTo)]);
    this.policies = new PolicyClient(this.tenant, this.#call);
    this.lineage = new LineageClient(this.tenant, this.#call);
    this.keys = new KeyClient(this.#call);
  }

  /**
   * Connects when the first call needs it, so that a service may start before its ledger does.
   * Throws CONFIGURATION_INVALID.
   */
  static connect(options: ConnectOptions): WritClient {
    return new WritClient(parseConnectOptions(options));
  }

  /**
   * Asks, runs the effect only under a verified grant, keeps the lease, reports. Denied, escalated, replayed and unknown
   * are outcomes to branch on; thrown is only what was wrong before anything ran.
   */
  executeFromSignals<Result, Parameters extends object>(
    intent: ExecuteIntent<Parameters>,
    effect: Effect<Result, Parameters>,
    options?: ExecuteOptions,
  ): Promise<ExecuteOutcome<Result>> {
    return executeFromSignals(this, intent, effect, options);
  }

  evaluate(request: EvaluateRequest, options?: CallOptions): Promise<EvaluateAnswer> {
    return this.#call(EVALUATE, { ...request, tenant: this.tenant }, options);
  }

  /** Results in the order of the requests, each independent of the others. */
  evaluateBatch(requests: readonly EvaluateRequest[], options?: CallOptions): Promise<readonly EvaluateResult[]> {
    const inTenant = requests.map((request) => ({ ...request, tenant: this.tenant }));
    return this.#call(EVALUATE_BATCH, inTenant, options);
  }

  /**
   * Sends requests as they come and yields results as they come, with the place of their request. Not retried: when it
   * throws, send what is unanswered again with the same ids.
   */
  evaluateStream(
    requests: Iterable<EvaluateRequest> | AsyncIterable<EvaluateRequest>,
    options: Pick<CallOptions, 'signal'> = {},
  ): AsyncGenerator<StreamedResult, void, undefined> {
    return evaluateStream(this.#servers.current, this.tenant, requests, options.signal);
  }

  /** What would be decided; nothing is recorded. */
  simulate(request: SimulateRequest, options?: CallOptions): Promise<SimulateAnswer> {
    return this.#call(SIMULATE, { ...request, tenant: this.tenant }, options);
  }

  reserve(request: ReserveRequest, options?: CallOptions): Promise<GrantAnswer> {
    return this.#call(RESERVE, { ...request, tenant: this.tenant }, options);
  }

  renew(request: RenewRequest, options?: CallOptions): Promise<GrantAnswer> {
    return this.#call(RENEW, { ...request, tenant: this.tenant }, options);
  }

  commit(request: CommitRequest, options?: CallOptions): Promise<ReceiptAnswer> {
    return this.#call(COMMIT, { ...request, tenant: this.tenant }, options);
  }

  release(request: ReleaseRequest, options?: CallOptions): Promise<ReceiptAnswer> {
    return this.#call(RELEASE, { ...request, tenant: this.tenant }, options);
  }

  /** For operators. */
  reconcile(request: ReconcileRequest, options?: CallOptions): Promise<ReceiptAnswer> {
    return this.#call(RECONCILE, { ...request, tenant: this.tenant }, options);
  }

  getExecution(request: ExecutionName, options?: CallOptions): Promise<Execution> {
    return this.#call(GET_EXECUTION, { ...request, tenant: this.tenant }, options);
  }

  /** Newest first, one page. */
  listExecutions(request: ListExecutionsRequest = {}, options?: CallOptions): Promise<ExecutionPage> {
    return this.#call(LIST_EXECUTIONS, { ...request, tenant: this.tenant }, options);
  }

  /**
   * The execution now, and again after each of its events, until the signal aborts or the reader stops. A lost
   * connection is made again; what changed meanwhile is seen as one step.
   */
  watchExecution(
    request: ExecutionName,
    options: Pick<CallOptions, 'signal'> = {},
  ): AsyncGenerator<Execution, void, undefined> {
    const { tenant, timeouts } = this;
    return watchExecution(() => this.#servers.current, { ...request, tenant }, timeouts.callMs, options.signal);
  }

  /** Lets go of the connections; calls under way fail with SERVER_UNREACHABLE. */
  close(): void {
    for (const link of this.#servers.all) link.close();
  }

  readonly #call = <Request, Answer>(
    rpc: Rpc<Request, Answer>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Answer> =>
    callPersistently(rpc, request, {
      servers: this.#servers,
      attemptMs: this.timeouts.attemptMs,
      timeoutMs: options.timeoutMs ?? this.timeouts.callMs,
      signal: options.signal,
    });
}
