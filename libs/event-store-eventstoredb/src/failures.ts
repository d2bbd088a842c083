/** What became of a request that was not served; what the client threw never leaves this driver. */
export type Failure =
  /** The stream is elsewhere; `undefined`: it is not there. */
  | { readonly kind: 'conflict'; readonly actual: bigint | undefined }
  /** A tombstone stands where the stream was. */
  | { readonly kind: 'deleted' }
  | { readonly kind: 'denied'; readonly message: string }
  | { readonly kind: 'too_large'; readonly message: string }
  /** The server tried and gave up: the same request may be sent again. It may have happened. */
  | { readonly kind: 'busy'; readonly message: string }
  /** The server, or this client of it, cannot be used now. What was under way may have happened. */
  | { readonly kind: 'outage'; readonly message: string; readonly clientIsSpent: boolean };

/** gRPC status codes that come without a class of the client's. */
const GRPC = { CANCELLED: 1, UNAVAILABLE: 14, PERMISSION_DENIED: 7, UNAUTHENTICATED: 16 } as const;

interface ForeignError {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly actualVersion?: unknown;
}

/**
 * The one place that knows the errors of @eventstore/db-client 6.2.1. They are told apart by `type`: messages are often
 * empty and codes often missing. Whatever is not in this table counts as an outage whose outcome is unknown.
 */
export function failureOf(error: unknown): Failure {
  const { type, code, actualVersion } = (typeof error === 'object' && error !== null ? error : {}) as ForeignError;
  const message = textOf(error);
  switch (type) {
    case 'wrong-expected-version':
      return { kind: 'conflict', actual: typeof actualVersion === 'bigint' ? actualVersion : undefined };
    case 'stream-deleted':
      return { kind: 'deleted' };
    case 'access-denied':
      return { kind: 'denied', message };
    case 'maximum-append-size-exceeded':
      return { kind: 'too_large', message };
    // The server's own two seconds for a write are over.
    case 'timeout':
    case 'deadline-exceeded':
      return { kind: 'busy', message };
    // The client finds the leader, or connects again, by itself.
    case 'not-leader':
    case 'unavailable':
    case 'cancelled':
    case 'unknown':
      return { kind: 'outage', message, clientIsSpent: false };
  }
  if (code === GRPC.PERMISSION_DENIED || code === GRPC.UNAUTHENTICATED) return { kind: 'denied', message };
  // Thrown without a type while the client asks the server for its methods. Any other failure of that question is kept
  // for the life of the client, and so is a bug in it: only another client helps.
  const passing = code === GRPC.UNAVAILABLE || code === GRPC.CANCELLED;
  return { kind: 'outage', message, clientIsSpent: !passing };
}

/** `true` when a stream is not there, which is an answer and no failure. */
export function isStreamNotFound(error: unknown): boolean {
  return (error as ForeignError | null)?.type === 'stream-not-found';
}

/** `true` when `$all` has no record that begins at the position asked for. */
export function isPositionUnknown(error: unknown): boolean {
  return (error as ForeignError | null)?.type === 'unknown' && textOf(error).includes('ReadAllResult');
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}
