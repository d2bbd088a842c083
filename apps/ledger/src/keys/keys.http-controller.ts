import { Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { parseKeyId } from '@writ/encoding';
import type { Operations } from '@writ/operations';

import type { CallGate } from '../calls/call-gate.js';
import { httpCallsOf, type HttpCalls, type HttpRequest } from '../http/http-calls.js';
import { readWith } from '../http/strict-body.js';
import { GATE, LEDGER } from '../injection.js';
import type { ServedLedger } from '../served-ledger.js';
import { RevokeKeyBody, RotateKeyBody } from './key-bodies.js';
import { keyAnswerJson, keysJson } from './key-json.js';

/** The keys over HTTP: the operations of `writ.v1.KeyService`. */
@Controller('v1/keys')
export class KeysHttpController {
  private readonly operations: Operations;
  private readonly calls: HttpCalls;

  constructor(@Inject(LEDGER) ledger: ServedLedger, @Inject(GATE) gate: CallGate) {
    this.operations = ledger.operations;
    this.calls = httpCallsOf(gate);
  }

  @Get()
  list(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('ListKeys', request, async (context) => keysJson(await this.operations.listKeys(context)));
  }

  @Post('rotate')
  @HttpCode(200)
  rotate(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('RotateKey', request, async (context) =>
      keyAnswerJson(await this.operations.rotateKey(context, readWith(RotateKeyBody, request.body))),
    );
  }

  @Post(':keyId/revoke')
  @HttpCode(200)
  revoke(@Req() request: HttpRequest): Promise<object> {
    return this.calls.run('RevokeKey', request, async (context) => {
      const wanted = { keyId: parseKeyId(request.params['keyId']), ...readWith(RevokeKeyBody, request.body) };
      return keyAnswerJson(await this.operations.revokeKey(context, wanted));
    });
  }
}
