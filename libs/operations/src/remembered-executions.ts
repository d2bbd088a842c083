import type { ExecutionLog } from './execution-log.js';

const MAX_LOGS = 4_096;
const MAX_BYTES = 16 * 1024 * 1024;
/** What a log takes beside its events' bytes, roughly. */
const LOG_OVERHEAD_BYTES = 512;

interface Remembered {
  readonly log: ExecutionLog;
  readonly sizeBytes: number;
}

/**
 * The executions that were written last, so that the commit that follows an evaluation reads nothing. Bounded in number
 * and bytes; the least recently used goes first. What is in here may be behind what another node has written: it is
 * only ever a first guess, which an append under its expected revision confirms (`handleCommand`'s `remembered`).
 */
export class RememberedExecutions {
  readonly #logs = new Map<string, Remembered>();
  #bytes = 0;

  get(stream: string): ExecutionLog | undefined {
    const remembered = this.#logs.get(stream);
    if (remembered === undefined) return undefined;
    // A Map keeps the order of insertion: put it at the young end.
    this.#logs.delete(stream);
    this.#logs.set(stream, remembered);
    return remembered.log;
  }

  put(log: ExecutionLog): void {
    this.forget(log.stream);
    const sizeBytes = sizeOf(log);
    if (sizeBytes > MAX_BYTES / 64) return;
    this.#logs.set(log.stream, { log, sizeBytes });
    this.#bytes += sizeBytes;
    for (const oldest of this.#logs.keys()) {
      if (this.#logs.size <= MAX_LOGS && this.#bytes <= MAX_BYTES) break;
      this.forget(oldest);
    }
  }

  clear(): void {
    this.#logs.clear();
    this.#bytes = 0;
  }

  forget(stream: string): void {
    this.#bytes -= this.#logs.get(stream)?.sizeBytes ?? 0;
    this.#logs.delete(stream);
  }
}

/** Data, the attested entry, and about as much again for openings and the folded objects. */
function sizeOf(log: ExecutionLog): number {
  return log.events.reduce(
    (sum, { data, attestation }) => sum + 2 * data.byteLength + 2 * attestation.entry.length,
    LOG_OVERHEAD_BYTES,
  );
}
