import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { LedgerError } from '@writ/errors';
import { parseTilePath, type TileName } from '@writ/merkle';
import type { CallContext, Operations } from '@writ/operations';
import type { FastifyReply } from 'fastify';

import type { CallGate } from '../calls/call-gate.js';
import { httpFacts, type HttpRequest } from '../http/http-calls.js';
import { sendProblem } from '../http/http-error.filter.js';
import { plainProblem } from '../http/problem.js';
import { GATE, LEDGER, LIMITS, type ServerLimits } from '../injection.js';
import type { ServedLedger } from '../served-ledger.js';

/** A checkpoint is replaced within a second or so; C2SP asks for a few seconds at most. */
const CHECKPOINT_MAX_AGE_S = 1;
/** A tile never changes: one that filled up has another name. */
const TILE_CACHING = 'max-age=31536000, immutable';

/**
 * The log as C2SP tlog-tiles has it, for clients that know nothing of Writ: `/checkpoint`, `/tile/<level>/<n>` and
 * `/tile/entries/<n>`. Only published trees are told of, each tile under its one name.
 */
@Controller()
export class TilesHttpController {
  private readonly operations: Operations;

  constructor(
    @Inject(LEDGER) ledger: ServedLedger,
    @Inject(GATE) private readonly gate: CallGate,
    @Inject(LIMITS) private readonly limits: ServerLimits,
  ) {
    this.operations = ledger.operations;
  }

  @Get('checkpoint')
  checkpoint(@Req() request: HttpRequest, @Res() reply: FastifyReply): Promise<void> {
    const isOpen = this.limits.publicTiles;
    return this.run('Checkpoint', request, isOpen, async (context) => {
      const { note } = await this.operations.getCheckpoint(context, {});
      await reply
        .headers({
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': `${scopeOf(isOpen)}, max-age=${String(CHECKPOINT_MAX_AGE_S)}`,
        })
        .send(note);
    });
  }

  @Get('tile/*')
  tile(@Req() request: HttpRequest, @Res() reply: FastifyReply): Promise<void> {
    const name = tileNameOf(request);
    const isOpen = name?.kind === 'entries' ? this.limits.publicEntries : this.limits.publicTiles;
    return this.run('Tile', request, isOpen, async (context) => {
      const bytes = name === undefined ? undefined : await this.operations.getTile(context, name);
      if (bytes === undefined) {
        sendProblem(reply, plainProblem(404, 'Not Found'));
        return;
      }
      await reply
        .headers({
          'content-type': 'application/octet-stream',
          'cache-control': `${scopeOf(isOpen)}, ${TILE_CACHING}`,
        })
        .send(Buffer.from(bytes));
    });
  }

  private run<T>(
    method: string,
    request: HttpRequest,
    isOpen: boolean,
    work: (context: CallContext | null) => Promise<T>,
  ): Promise<T> {
    const facts = httpFacts(method, request);
    return isOpen ? this.gate.runOpen(facts, () => work(null)) : this.gate.run(facts, work);
  }
}

/** What needs a token must not stay where others get it without one. */
function scopeOf(isOpen: boolean): 'public' | 'private' {
  return isOpen ? 'public' : 'private';
}

/** From the URL as it came: a percent sign, a second slash or a dot too much is another spelling, and no name. */
function tileNameOf({ raw }: HttpRequest): TileName | undefined {
  const [path = ''] = (raw.url ?? '').split('?', 1);
  try {
    return parseTilePath(path.slice(1));
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
