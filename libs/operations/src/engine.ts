import { ForeignEvents } from './foreign-events.js';
import { Policies } from './policies.js';
import { PolicyCatalogue } from './policy-catalogue.js';
import type { OperationsPorts } from './ports.js';
import { RefusalsStreams } from './refusals-stream.js';
import { RefusedReplays } from './refused-replays.js';
import { RememberedExecutions } from './remembered-executions.js';
import type { FollowedKeys } from './followed-keys.js';

/** What the use-cases share: the ports, and what this process keeps in memory between calls. */
export interface Engine {
  readonly ports: OperationsPorts;
  readonly keys: FollowedKeys;
  readonly remembered: RememberedExecutions;
  readonly policies: Policies;
  readonly policyCatalogue: PolicyCatalogue;
  readonly refusals: RefusedReplays;
  readonly foreignEvents: ForeignEvents;
  readonly counters: EngineCounters;
}

/** Since the start of the process; they only grow. */
export interface EngineCounters {
  /** Commands on executions that appended something. */
  appends: number;
  /** Commands on executions that had something to append and ended in `Unavailable`. */
  appendFailures: number;
  /** Times that an append lost its race and the command was decided again. */
  lostRaces: number;
  grants: number;
  /** Commands on executions that are being handled now. */
  callsUnderWay: number;
}

export function createEngine(ports: OperationsPorts, keys: FollowedKeys): Engine {
  const streams = new RefusalsStreams(ports, keys);
  const foreignEvents = new ForeignEvents(ports.store, streams, keys, ports.onAlarm);
  const remembered = new RememberedExecutions();
  const policies = new Policies(ports, keys, foreignEvents);
  keys.useLineage(ports.lineage);
  keys.onChange(() => {
    remembered.clear();
    policies.forget();
  });
  return {
    ports,
    keys,
    remembered,
    policies,
    policyCatalogue: new PolicyCatalogue(ports.store),
    refusals: new RefusedReplays(streams, ports.clock, ports.onAlarm),
    foreignEvents,
    counters: { appends: 0, appendFailures: 0, lostRaces: 0, grants: 0, callsUnderWay: 0 },
  };
}
