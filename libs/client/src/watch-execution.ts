import { UnavailableError } from '@writ/errors';
import type { Execution } from './answers.js';
import { startPatience } from './elapsed.js';
import type { InTenant } from './encode-request.js';
import { WATCH_EXECUTION } from './execution-rpcs.js';
import { pause } from './pause.js';
import type { ExecutionName } from './requests.js';
import type { ServerLink } from './server-link.js';

const RECONNECT_MS = 200;

/** Watches across lost connections; throws when none could be made for `patienceMs`. Ends when `signal` aborts. */
export async function* watchExecution(
  link: () => ServerLink,
  request: InTenant<ExecutionName>,
  patienceMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Execution, void, undefined> {
  let last: Execution | undefined;
  let silence = startPatience();
  for (;;) {
    try {
      for await (const execution of link().serverStream(WATCH_EXECUTION, request, signal)) {
        silence = startPatience();
        if (isNews(execution, last)) yield execution;
        last = execution;
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      if (!(error instanceof UnavailableError) || silence() >= patienceMs) throw error;
    }
    await pause(RECONNECT_MS, signal);
    if (signal?.aborted === true) return;
  }
}

/** A watch that is made again begins with what was seen last. */
function isNews(execution: Execution, last: Execution | undefined): boolean {
  return execution.revision !== last?.revision || execution.state !== last.state;
}
