/** The command line, or a file that it names, cannot be used. Exit code 2; nothing was done. */
export class UsageError extends Error {
  readonly advice: string | undefined;

  constructor(message: string, options: { readonly advice?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'UsageError';
    this.advice = options.advice;
  }
}
