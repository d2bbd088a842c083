import { errorOfCode, IntegrityError, UnavailableError } from '@writ/errors';
import { handleCommand, type Loaded, type RecordedEvent, type Ruling } from '@writ/event-store';
import type { SignedGrant } from '@writ/evidence';
import {
  decide,
  executionStream,
  momentOf,
  type Answer,
  type Command,
  type ExecutionEvent,
  type ExecutionEventType,
  type Fact,
  type Moment,
} from '@writ/ledger';
import { executionNotFound, mayAskFor } from './authorise.js';
import { patienceOf, requireTimeLeft } from './deadline.js';
import type { Engine } from './engine.js';
import { emptyLog, extendLog, lastRevisionOf, openExecutionLog, type ExecutionLog } from './execution-log.js';
import { signGrant } from './grant.js';
import type { CallContext, ExecutionName, Principal } from './operations.js';
import { decisionAt, receiptOf } from './receipt.js';
import { sealEvents, type KnownOpenings } from './seal-events.js';

/** One command on one execution. */
export interface ExecutionCall {
  readonly context: CallContext;
  readonly name: ExecutionName;
  /** For the refusals stream: `evaluate`, `commit` … */
  readonly operation: string;
  /** `true`: an execution that does not exist is one to begin; else it is an error. */
  readonly begins: boolean;
  /** Makes the command for the execution as it stands now; asked again after every lost race. */
  readonly command: (log: ExecutionLog, moment: Moment) => Command | Promise<Command>;
  /** What the commitments in a new fact open to. */
  readonly openingsOf?: (fact: Fact<ExecutionEventType>) => KnownOpenings | undefined;
}

export type Told = Exclude<Answer, { readonly kind: 'refused' }>;

export interface HandledExecution {
  readonly answer: Told;
  /** The execution as it stands after the call. */
  readonly log: ExecutionLog;
  /** Present when the answer lets the caller run. */
  readonly grant: SignedGrant | undefined;
}

/** A ruling on its way to becoming durable. */
interface Prospect {
  readonly answer: Answer;
  readonly log: ExecutionLog;
  readonly grant: Promise<SignedGrant> | undefined;
  /** Tells the index that `log` is durable. */
  readonly noteWritten?: () => void;
  readonly nowMs: number;
}

const SALT_BYTES = 16;

/**
 * The way of every command on an execution: what is there → what follows → signed → durable → told.
 *
 * @throws what `decide` refuses with, and the errors of store, signer, clock and deadline
 */
export async function handleExecution(engine: Engine, call: ExecutionCall): Promise<HandledExecution> {
  const { ports, remembered, counters } = engine;
  const stream = executionStream(call.name.tenant, call.name.executionId);
  counters.callsUnderWay += 1;
  let hasAppended = false;
  try {
    const { answer: prospect, appended } = await handleCommand<ExecutionLog, Prospect>({
      store: ports.store,
      stream,
      remembered: firstGuess(call, stream, remembered.get(stream)),
      load: (recorded) => openOrReport(engine, stream, recorded),
      decide: async (log) => {
        if (hasAppended) counters.lostRaces += 1;
        const ruling = await rule(engine, call, log);
        hasAppended ||= ruling.append.length > 0;
        return ruling;
      },
      ...patienceOf(call.context, ports.clock.nowMs()),
    });
    if (appended !== undefined) {
      counters.appends += 1;
      prospect.noteWritten?.();
    }
    if (prospect.log.events.length > 0) remembered.put(prospect.log);
    return await tell(engine, call, prospect);
  } catch (error) {
    remembered.forget(stream);
    if (hasAppended && error instanceof UnavailableError) counters.appendFailures += 1;
    throw error;
  } finally {
    counters.callsUnderWay -= 1;
  }
}

/** `true` when the execution is there and the caller's token covers its action. */
export function isVisible(principal: Principal, log: ExecutionLog): boolean {
  return log.state.status !== 'none' && mayAskFor(principal, log.state.first.action);
}

async function rule(engine: Engine, call: ExecutionCall, log: ExecutionLog): Promise<Ruling<Prospect>> {
  const { ports } = engine;
  // 1. When: never before what the stream already holds.
  const wallMs = ports.clock.nowMs();
  const moment = momentOf(log.state, wallMs, ports.maxSkewMs);
  // 2. Who: an execution out of the token's reach is not there. (Evaluate checks its own action beforehand.)
  if (!call.begins && !isVisible(call.context.principal, log)) throw executionNotFound(call.name);
  // 3. What follows from the state and the command.
  const ruling = decide(log.state, await call.command(log, moment), moment);
  const prospect = { answer: ruling.answer, nowMs: moment.nowMs };
  if (ruling.append.length === 0) {
    return {
      append: [],
      answer: { ...prospect, log, grant: startGrant(engine, log, ruling.answer, Promise.resolve()) },
    };
  }
  // 4. Past the caller's deadline nothing is begun.
  requireTimeLeft(call.context, wallMs);
  // 5. Sign. A crash here leaves nothing.
  const streamSalt = log.streamSalt ?? ports.randomness.bytes(SALT_BYTES);
  const sealed = await sealEvents(ports, {
    stream: log.stream,
    streamSalt,
    firstRevision: (lastRevisionOf(log) ?? -1n) + 1n,
    recordedAtMs: moment.nowMs,
    facts: ruling.append,
    ...(call.openingsOf === undefined ? {} : { openingsOf: call.openingsOf }),
    trace: call.context.traceparent,
  });
  const next = extendLog(log, streamSalt, sealed);
  // 6. The grant is signed while the append is under way, and let go of only after it. So is the row for the index.
  const sent = appendSent();
  const grant = startGrant(engine, next, ruling.answer, sent);
  const noteWritten = startNote(engine, next, sent);
  return { append: sealed.map((event) => event.newEvent), answer: { ...prospect, log: next, grant, noteWritten } };
}

/**
 * Settles when the append that is about to be made has left this thread. What is done then and before the disk answers
 * takes a lone caller no time.
 */
function appendSent(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** @param begin when to sign */
function startGrant(
  engine: Engine,
  log: ExecutionLog,
  answer: Answer,
  begin: Promise<void>,
): Promise<SignedGrant> | undefined {
  const revision = grantRevision(answer, log);
  if (revision === undefined) return undefined;
  // Also a grant that is only told again: in a store that was set back it may long have been used.
  engine.ports.lineage.requireWritable();
  engine.ports.lineage.requireIntact(log.stream);
  const grant = begin.then(() => signGrant(engine.ports, log, revision));
  // Where the append fails nobody waits for the grant; its own failure then concerns nobody.
  grant.catch(() => undefined);
  return grant;
}

/** @param begin when to make what is noted; whoever notes earlier makes it himself */
function startNote({ ports }: Engine, log: ExecutionLog, begin: Promise<void>): () => void {
  let note: (() => void) | undefined;
  const prepared = (): (() => void) | undefined => (note ??= ports.index.noteWriting?.(log));
  // Whoever notes asks again, and is told what went wrong.
  begin.then(prepared).catch(() => undefined);
  return () => prepared()?.();
}

/** Revision of the lease that the answer lets the caller run under. */
function grantRevision(answer: Answer, log: ExecutionLog): bigint | undefined {
  switch (answer.kind) {
    case 'decided':
    case 'reserved':
    case 'reissued':
      return answer.reservation;
    case 'done':
      return typeAt(log, answer.revision) === 'ReservationRenewed' ? answer.revision : undefined;
    case 'replayed':
    case 'nothing':
    case 'refused':
      return undefined;
  }
}

async function tell(engine: Engine, call: ExecutionCall, prospect: Prospect): Promise<HandledExecution> {
  const { answer, log } = prospect;
  if (answer.kind !== 'refused') {
    const grant = await prospect.grant;
    if (grant !== undefined) engine.counters.grants += 1;
    return { answer, log, grant };
  }
  const { name, context, operation } = call;
  if (answer.record) {
    engine.refusals.note({ ...name, actor: context.principal.actor, code: answer.code, operation }, prospect.nowMs);
  }
  const { original } = answer;
  const receipt = original === undefined ? {} : { receipt: originalReceipt(name, log, original) };
  throw errorOfCode(answer.code, answer.message, { ...answer.details, ...receipt });
}

/** The decision and the event that stand in the way, as they were told when they happened. */
function originalReceipt(name: ExecutionName, log: ExecutionLog, original: bigint): ReturnType<typeof receiptOf> {
  const revisions = [...new Set([decisionAt(log, original).event.revision, original])];
  return receiptOf(name, log, revisions, { replayed: true });
}

function typeAt(log: ExecutionLog, revision: bigint): ExecutionEvent['type'] | undefined {
  return log.events[Number(revision)]?.event.type;
}

/**
 * What to decide on before reading: the execution as it was last seen here, or, where the command begins one and none was
 * seen, that there is none. That is so for nearly every evaluation, and where it is not the store refuses the append.
 */
function firstGuess(
  { begins }: ExecutionCall,
  stream: string,
  log: ExecutionLog | undefined,
): Loaded<ExecutionLog> | undefined {
  if (log !== undefined) return { state: log, lastRevision: lastRevisionOf(log) };
  return begins ? { state: emptyLog(stream), lastRevision: undefined } : undefined;
}

/** Opens what was read of an execution; an event that is not ours raises the alarm and refuses. */
export async function openOrReport(
  engine: Engine,
  stream: string,
  recorded: readonly RecordedEvent[],
): Promise<ExecutionLog> {
  if (recorded.length === 0) return emptyLog(stream);
  const { keys } = engine;
  try {
    return await keys.opening(recorded, () => openExecutionLog(stream, recorded, keys));
  } catch (error) {
    if (error instanceof IntegrityError) engine.foreignEvents.report(stream, revisionIn(error), error);
    throw error;
  }
}

function revisionIn(error: IntegrityError): bigint {
  const revision = error.details['revision'];
  return typeof revision === 'string' ? BigInt(revision) : 0n;
}
