import { ERROR_CODES, LedgerError } from '@writ/errors';
import { openInstance, type Instance, type Settings } from '@writ/instance';
import type { Logger } from 'pino';

import { createLogger, placeOf } from './calls/call-log.js';
import { startServer, type RunningServer } from './start-server.js';

export interface ServeOptions {
  /** Makes key file and store where they are missing; without it a missing store is an error. */
  readonly create?: boolean;
  /** Told once, when both ports answer. */
  readonly onServing?: (server: RunningServer, instance: Instance) => void;
}

/** BSD `EX_SOFTWARE`: a bug ended the process. */
const EXIT_BUG = 70;
/** docs/spec/exit-codes.md: stop and look. */
const EXIT_INTEGRITY = 7;
const EXIT_INTERRUPTED = 130;

/**
 * Opens the ledger and serves it until SIGTERM or SIGINT, then stops without losing anything: no new calls, those
 * under way end within `drainMs`, then signer and store close. Resolves with the exit code: 0, or 7 where the lineage had
 * an integrity fault until the end, the store having been set back above all: whoever starts it again should look first. A second signal exits
 * at once: what was acknowledged is durable anyway. An error that nobody caught ends the process with 70, without
 * another write: the state that it left in memory cannot be trusted.
 *
 * @throws LedgerError what `openInstance` throws, before anything is served
 */
export async function serve(settings: Settings, options: ServeOptions = {}): Promise<number> {
  const logger = createLogger(settings.logLevel);
  process.once('uncaughtException', (error) => endOnBug(logger, error));
  process.once('unhandledRejection', (error) => endOnBug(logger, error));
  const instance = await openInstance(settings, {
    create: options.create === true,
    onAlarm: (alarm) => logger.error({ alarm }, 'alarm'),
  });
  const server = await startServer(instance, settings, { logger }).catch(async (error: unknown) => {
    await instance.close();
    throw error;
  });
  instance.startSweeper();
  options.onServing?.(server, instance);
  logger.info({ signal: await firstSignal() }, 'shutting down');
  await server.close(settings.drainMs);
  const { fault } = await instance.lineageStatus();
  await instance.close();
  if (fault === undefined || ERROR_CODES[fault.code].kind !== 'Integrity') return 0;
  logger.error({ code: fault.code }, 'ended with an integrity fault');
  return EXIT_INTEGRITY;
}

function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(EXIT_INTERRUPTED));
        resolve(signal);
      });
    }
  });
}

function endOnBug(logger: Logger, error: unknown): void {
  const code = error instanceof LedgerError ? error.code : 'INTERNAL';
  logger.fatal({ code, failure: placeOf(error) }, 'an error that nobody caught');
  process.exit(EXIT_BUG);
}
