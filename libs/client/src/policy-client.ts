import type { JsonObject } from '@writ/encoding';
import type { LintAnswer, PolicyAnswer, PolicyVersion, PublishAnswer } from './answers.js';
import {
  ACTIVATE_POLICY,
  DIFF_POLICIES,
  GET_POLICY,
  LINT_POLICY,
  LIST_POLICIES,
  PUBLISH_POLICY,
  RETIRE_POLICY,
} from './policy-rpcs.js';
import type { CallOptions, PolicyChange, PolicyText } from './requests.js';
import type { Rpc } from './rpc.js';

type Call = <Request, Answer>(rpc: Rpc<Request, Answer>, request: Request, options?: CallOptions) => Promise<Answer>;

/** The policies of the client's tenant, one method per RPC. To publish, activate and retire takes an operator. */
export class PolicyClient {
  readonly #tenant: string;
  readonly #call: Call;

  constructor(tenant: string, call: Call) {
    this.#tenant = tenant;
    this.#call = call;
  }

  lint(request: PolicyText, options?: CallOptions): Promise<LintAnswer> {
    return this.#call(LINT_POLICY, request, options);
  }

  publish(request: PolicyText, options?: CallOptions): Promise<PublishAnswer> {
    return this.#call(PUBLISH_POLICY, { ...request, tenant: this.#tenant }, options);
  }

  activate(request: PolicyChange, options?: CallOptions): Promise<PolicyAnswer> {
    return this.#call(ACTIVATE_POLICY, { ...request, tenant: this.#tenant }, options);
  }

  retire(request: PolicyChange, options?: CallOptions): Promise<PolicyAnswer> {
    return this.#call(RETIRE_POLICY, { ...request, tenant: this.#tenant }, options);
  }

  /** The version in force when none is named. */
  get(
    request: { readonly policyId: string; readonly version?: string },
    options?: CallOptions,
  ): Promise<PolicyVersion> {
    return this.#call(GET_POLICY, { ...request, tenant: this.#tenant }, options);
  }

  list(request: { readonly policyId?: string } = {}, options?: CallOptions): Promise<readonly PolicyVersion[]> {
    return this.#call(LIST_POLICIES, { ...request, tenant: this.#tenant }, options);
  }

  /** Named changes: rules, signals, settings, test outcomes. */
  diff(
    request: { readonly policyId: string; readonly fromVersion: string; readonly toVersion: string },
    options?: CallOptions,
  ): Promise<readonly JsonObject[]> {
    return this.#call(DIFF_POLICIES, { ...request, tenant: this.#tenant }, options);
  }
}
