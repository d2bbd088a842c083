import type { Command } from 'commander';
import type { Execution, ExecutionState, ListExecutionsRequest } from '@writ/client';
import { answering, collect, command, wholeNumber, type Shell } from '../command.js';
import { readMoment } from '../input/read-input.js';
import { onLedger, openLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import type { OpenLedger } from '../ledger/ledger.js';
import { executionRow } from '../terminal/show-receipt.js';
import { UsageError } from '../usage-error.js';

interface Flags extends LedgerFlags {
  readonly state?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
}

const STATES: readonly string[] = [
  'denied',
  'escalated',
  'approved',
  'admitted',
  'reserved',
  'lapsed',
  'open',
  'exhausted',
  'unknown',
  'committed',
] satisfies readonly ExecutionState[];
const DEFAULT_LIMIT = 50;
const MAX_PAGE = 500;

export function listCommand(shell: Shell): Command {
  const list = command('list', 'executions by state and time of their last change, newest first', [
    'writ list --state unknown --state lapsed   # what somebody has to look at',
    'writ list --from 24h --limit 1000 --json   # JSON Lines',
  ]);
  return onLedger(
    list
      .option('-s, --state <state>', `repeat it for more: ${STATES.join(', ')}`, collect)
      .option('--from <instant|age>', 'changed at or after: 2026-01-31, 2026-01-31T08:00:00Z, 24h')
      .option('--to <instant|age>', 'changed before')
      .option('-n, --limit <n>', `at most; ${DEFAULT_LIMIT} when absent`, wholeNumber),
  ).action(
    answering(shell, async (flags: Flags) => {
      const request = requestOf(flags, shell.world.nowMs());
      const open = await openLedger(shell.world, flags);
      return {
        jsonLines: pages(open, request, flags.limit ?? DEFAULT_LIMIT),
        textOf: (part, style) => executionRow(part as Execution, style),
      };
    }),
  );
}

function requestOf(flags: Flags, nowMs: number): ListExecutionsRequest {
  const unknown = (flags.state ?? []).find((state) => !STATES.includes(state));
  if (unknown !== undefined) {
    throw new UsageError(`there is no state \`${unknown}\``, { advice: `states: ${STATES.join(', ')}` });
  }
  return {
    ...(flags.state === undefined ? {} : { states: flags.state as readonly ExecutionState[] }),
    ...(flags.from === undefined ? {} : { updatedFromMs: readMoment(flags.from, '--from', nowMs) }),
    ...(flags.to === undefined ? {} : { updatedToMs: readMoment(flags.to, '--to', nowMs) }),
  };
}

async function* pages(open: OpenLedger, request: ListExecutionsRequest, limit: number): AsyncGenerator<Execution> {
  try {
    let left = limit;
    let pageToken: string | undefined;
    do {
      const page = await open.ledger.listExecutions({
        ...request,
        pageSize: Math.min(left, MAX_PAGE),
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      yield* page.executions;
      left -= page.executions.length;
      pageToken = page.nextPageToken;
    } while (left > 0 && pageToken !== undefined);
  } finally {
    await open.close();
  }
}
