import { Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { parsePolicyId, type PolicyId, type Tenant } from '@writ/encoding';
import type { Operations } from '@writ/operations';

import type { CallGate } from '../calls/call-gate.js';
import { httpCallsOf, tenantOf, type HttpCalls, type HttpRequest } from '../http/http-calls.js';
import { readWith } from '../http/strict-body.js';
import { GATE, LEDGER } from '../injection.js';
import type { ServedLedger } from '../served-ledger.js';
import { ActivateBody, DiffQuery, PolicyTextBody, RetireBody, VersionQuery } from './policy-bodies.js';
import { policyAnswerJson, policyVersionJson } from './policy-json.js';

/** Policies over HTTP: the operations of `writ.v1.PolicyService`. */
@Controller('v1')
export class PoliciesHttpController {
  private readonly operations: Operations;
  private readonly calls: HttpCalls;

  constructor(@Inject(LEDGER) ledger: ServedLedger, @Inject(GATE) gate: CallGate) {
    this.operations = ledger.operations;
    this.calls = httpCallsOf(gate);
  }

  @Post('policies/lint')
  @HttpCode(200)
  lint(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('LintPolicy', request, (context) =>
      this.operations.lintPolicy(context, readWith(PolicyTextBody, request.body)),
    );
  }

  @Post(':tenant/policies')
  @HttpCode(200)
  publish(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('PublishPolicy', request, async (context) => {
      const wanted = { ...tenantOf(request), ...readWith(PolicyTextBody, request.body) };
      return policyAnswerJson(await this.operations.publishPolicy(context, wanted));
    });
  }

  @Post(':tenant/policies/:policyId/activate')
  @HttpCode(200)
  activate(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('ActivatePolicy', request, async (context) => {
      const wanted = { ...policyOf(request), ...readWith(ActivateBody, request.body) };
      return policyAnswerJson(await this.operations.activatePolicy(context, wanted));
    });
  }

  @Post(':tenant/policies/:policyId/retire')
  @HttpCode(200)
  retire(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('RetirePolicy', request, async (context) => {
      const wanted = { ...policyOf(request), ...readWith(RetireBody, request.body) };
      return policyAnswerJson(await this.operations.retirePolicy(context, wanted));
    });
  }

  @Get(':tenant/policies')
  list(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('ListPolicies', request, async (context) => {
      const policies = await this.operations.listPolicies(context, tenantOf(request));
      return { policies: policies.map(policyVersionJson) };
    });
  }

  @Get(':tenant/policies/:policyId')
  get(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('GetPolicy', request, async (context) => {
      const wanted = { ...policyOf(request), ...readWith(VersionQuery, { ...(request.query as object) }) };
      return policyVersionJson(await this.operations.getPolicy(context, wanted));
    });
  }

  @Get(':tenant/policies/:policyId/versions')
  versions(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('ListPolicies', request, async (context) => {
      const policies = await this.operations.listPolicies(context, policyOf(request));
      return { policies: policies.map(policyVersionJson) };
    });
  }

  @Get(':tenant/policies/:policyId/diff')
  diff(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('DiffPolicies', request, async (context) => {
      const wanted = { ...policyOf(request), ...readWith(DiffQuery, { ...(request.query as object) }) };
      return { changes: await this.operations.diffPolicies(context, wanted) };
    });
  }
}

function policyOf(request: HttpRequest): { tenant: Tenant; policyId: PolicyId } {
  return { ...tenantOf(request), policyId: parsePolicyId(request.params['policyId']) };
}
