import type { Digest, EventId } from '@writ/encoding';
import type { ErrorCode, IntegrityError } from '@writ/errors';
import type { LineageStreamState } from '@writ/ledger';

import type { StreamEnd } from './lineage-stream.js';

/** What the follower cannot do by itself: sign and append, and tell. */
export interface FollowerHost {
  /** Appends an `EntriesSequenced` if nothing that the follower does not know stands in its way. */
  append(request: AppendRequest): Promise<AppendOutcome>;
  report(report: FollowerReport): void;
  foreign(found: ForeignEvent): void;
}

export interface AppendRequest {
  /** The end of the lineage stream that the batch was built on. */
  readonly basedOn: StreamEnd;
  /** Canonical data of an `EntriesSequenced`. */
  readonly data: Uint8Array;
}

export type AppendOutcome =
  | {
      readonly kind: 'appended';
      readonly revision: bigint;
      readonly eventId: EventId;
      readonly recordedAtMs: number;
      readonly dataDigest: Digest;
    }
  /** Somebody else sequenced in between. */
  | { readonly kind: 'lost_race' };

export interface ForeignEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly error: IntegrityError;
}

/** Where the follower stands; sent after every change. */
export interface FollowerReport {
  readonly state: LineageStreamState;
  /** Id of the event at the last revision; `undefined` before the first. */
  readonly headEventId: EventId | undefined;
  /** In the role that it was given, it has read the whole lineage stream, and made it durable. */
  readonly caughtUp: boolean;
  readonly publisher: boolean;
  /** Leaves and root whose tiles would survive a power cut. */
  readonly durable: { readonly sizeLeaves: bigint; readonly root: Uint8Array };
  /** Events that wait for an index; stops counting at a page. */
  readonly behind: number;
  readonly fault: Fault | undefined;
}

export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
}
