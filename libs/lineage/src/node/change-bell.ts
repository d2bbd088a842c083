/** Tells those who wait that something changed; the count closes the gap between looking and waiting. */
export class ChangeBell {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  ring(): void {
    this.#count += 1;
    for (const wake of this.#waiting) wake();
  }

  /** Settles when it has rung since `count`, or when `signal` aborts. */
  async rungSince(count: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== count || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
