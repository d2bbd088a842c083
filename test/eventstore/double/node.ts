import { status, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { Access, type Right, type Users } from './access.js';
import type { EventLog } from './event-log.js';
import { Faults } from './faults.js';
import { accessDeniedError, callError, notLeaderError } from './messages.js';
import type { Wire } from './wire.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What the services of one double share. */
export class DoubleNode {
  readonly faults = new Faults();
  readonly log: EventLog;
  readonly wire: Wire;
  readonly isFollower: boolean;
  readonly #access: Access;
  readonly #leader: () => Endpoint;

  constructor(parts: {
    readonly log: EventLog;
    readonly wire: Wire;
    readonly users: Users | undefined;
    readonly leader: (() => Endpoint) | undefined;
  }) {
    this.log = parts.log;
    this.wire = parts.wire;
    this.isFollower = parts.leader !== undefined;
    this.#access = new Access(parts.log, parts.users);
    this.#leader = parts.leader ?? (() => this.endpoint);
  }

  get endpoint(): Endpoint {
    return { host: '127.0.0.1', port: this.wire.port };
  }

  /** The endpoint that gossip and not-leader answers name. */
  get leader(): Endpoint {
    return this.#leader();
  }

  /** `allowed` or the error that ends the call: bad password, no right, or a leader that is elsewhere. */
  admit(metadata: Metadata, right: Right, stream: string): 'allowed' | ServiceError {
    try {
      if (this.#access.check(metadata, right, stream) === 'denied') return accessDeniedError();
    } catch (error) {
      return isServiceError(error) ? error : callError(status.UNKNOWN, String(error));
    }
    const elsewhere = this.isFollower && String(metadata.get('requires-leader')[0] ?? '').toLowerCase() === 'true';
    return elsewhere ? notLeaderError(this.leader) : 'allowed';
  }

  /** Resets the connection that a call came in on. `peer` is what gRPC says: `127.0.0.1:40312`. */
  resetConnectionOf(peer: string): void {
    this.wire.cutOne(Number(peer.slice(peer.lastIndexOf(':') + 1)));
  }
}

export const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && typeof (error as Partial<ServiceError>).code === 'number';
