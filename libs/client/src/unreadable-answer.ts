/** The server sent bytes that no ledger of ours writes; becomes `SERVER_UNREACHABLE` on the way out. */
export class UnreadableAnswer extends Error {
  constructor(field: string, options?: { cause?: unknown }) {
    super(`the answer cannot be read: \`${field}\``, options);
    this.name = 'UnreadableAnswer';
  }
}
