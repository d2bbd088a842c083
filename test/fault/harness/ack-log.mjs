/**
 * What a client was promised, kept by the client. A promise counts from the moment when its line is synced: a client
 * that is killed in between forgets it, and then nobody may ask for it.
 */
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';

export class AckLog {
  #descriptor;
  #lines = [];
  #syncing = false;
  #counted;

  /** @param counted called with the number of promises after each sync */
  constructor(path, counted = () => {}) {
    this.#descriptor = openSync(path, 'a');
    this.#counted = counted;
  }

  /** Takes a promise (a JSON value); lines of one turn share a sync. */
  add(promise) {
    this.#lines.push(`${JSON.stringify(promise)}\n`);
    if (this.#syncing) return;
    this.#syncing = true;
    setImmediate(() => this.flush());
  }

  flush() {
    const lines = this.#lines;
    this.#lines = [];
    this.#syncing = false;
    if (lines.length === 0) return;
    writeSync(this.#descriptor, lines.join(''));
    fdatasyncSync(this.#descriptor);
    this.#counted(lines.length);
  }

  close() {
    this.flush();
    closeSync(this.#descriptor);
  }
}

/** The promises of a log; a last line without its end was never counted. */
export function readAckLog(path) {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
