import { ConflictError, UnavailableError } from '@writ/errors';
import type {
  AppendOptions,
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  RecordedEvent,
} from './event-store.js';
import { verifyReturnedRevision } from './expected-revision.js';
import { readWholeStream } from './read-whole-stream.js';

/** What a decision wants: events to append (none: nothing changes) and what to tell the caller once they are durable. */
export interface Ruling<Answer> {
  readonly append: readonly NewEvent[];
  readonly answer: Answer;
}

export interface AppendSurelyOptions {
  readonly store: Pick<EventStore, 'append'>;
  readonly stream: string;
  /** Passed on to each append. */
  readonly append?: AppendOptions;
  /** Waits before sending an append again whose outcome is unknown, in milliseconds; default 20, 60, 120. */
  readonly resendDelaysMs?: readonly number[];
}

export interface HandleCommandOptions<State, Answer> extends AppendSurelyOptions {
  readonly store: Pick<EventStore, 'append' | 'readStream'>;
  /** Folds (and verifies) the whole stream; what it throws ends the call. */
  readonly load: (events: readonly RecordedEvent[]) => State | Promise<State>;
  /**
   * Decides on the state just read. Called again, with fresh state, after every lost race: it must make fresh event
   * ids, and must sign for the revision that follows `lastRevision` (`undefined`: the stream does not exist).
   */
  readonly decide: (state: State, lastRevision: bigint | undefined) => Ruling<Answer> | Promise<Ruling<Answer>>;
  /**
   * The stream as it was known at some earlier time, or is likely to be, tried before reading. It may be wrong, so it
   * only ever saves a read: a ruling that appends is judged by the store, and one that appends nothing, or fails, is made
   * again on what is read.
   */
  readonly remembered?: Loaded<State> | undefined;
  /** How many times to read, decide and append before giving up; default 16. */
  readonly maxAttempts?: number;
}

/** A folded stream; `lastRevision` is `undefined` when it does not exist. */
export interface Loaded<State> {
  readonly state: State;
  readonly lastRevision: bigint | undefined;
}

export interface HandledCommand<Answer> {
  readonly answer: Answer;
  /** `undefined` when the ruling appended nothing. */
  readonly appended: AppendResult | undefined;
}

const DEFAULT_MAX_ATTEMPTS = 16;
const DEFAULT_RESEND_DELAYS_MS = [20, 60, 120] as const;

/**
 * The one way to change a stream: read, fold, decide, append under the expected revision. A lost race is re-read and
 * decided again, a bounded number of times. Nothing is told before it is durable: the answer comes out only after the
 * append was answered at the revisions that were decided on.
 *
 * @throws UnavailableError `CONTENTION` (`mayHaveHappened`) when every attempt lost its race,
 *   `STORE_OUTCOME_UNKNOWN` (`mayHaveHappened`) when an append stayed without an answer; both: call again, same ids
 * @throws IntegrityError `REVISION_MISMATCH`, `EVENT_ID_REUSED`; and whatever `load`, `decide` and the store throw
 */
export async function handleCommand<State, Answer>(
  options: HandleCommandOptions<State, Answer>,
): Promise<HandledCommand<Answer>> {
  const { stream, decide } = options;
  const maxAttempts = options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
  let guess = options.remembered;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    // 1. Read what is there now, and fold it.
    const { state, lastRevision } = guess ?? (await loadNow(options));
    try {
      // 2. Decide on exactly that.
      const ruling = await decide(state, lastRevision);
      if (ruling.append.length > 0) {
        // 3. Append, if the stream still stands where it was read. A crash after this line leaves the events without an
        //    answer: the caller asks again with its ids and finds them in step 1.
        const appended = await appendSurely(options, lastRevision ?? 'no_stream', ruling.append);
        // 4. Tell.
        if (appended !== 'lost_race') return { answer: ruling.answer, appended };
      } else if (guess === undefined) {
        return { answer: ruling.answer, appended: undefined };
      }
    } catch (error) {
      // A refusal of what was only guessed says nothing yet of what is there.
      if (guess === undefined || !isWorthReading(error)) throw error;
    }
    guess = undefined;
  }
  throw new UnavailableError('CONTENTION', `lost ${maxAttempts} races for the stream`, {
    stream,
    attempts: maxAttempts,
    mayHaveHappened: true,
  });
}

/** `true` unless something may have been appended, or another try would only add to the load. */
function isWorthReading(error: unknown): boolean {
  return !(error instanceof UnavailableError) || (!error.mayHaveHappened && error.code !== 'OVERLOADED');
}

async function loadNow<State, Answer>(options: HandleCommandOptions<State, Answer>): Promise<Loaded<State>> {
  const events = await readWholeStream(options.store, options.stream);
  return { state: await options.load(events), lastRevision: events.at(-1)?.revision };
}

/**
 * Appends, and sends the *same* events again while the outcome is unknown: the store then tells whether they are there.
 * A refusal in between ("not now") says nothing about the first sending, so the outcome stays unknown.
 */
export async function appendSurely(
  options: AppendSurelyOptions,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): Promise<AppendResult | 'lost_race'> {
  const delays = [...(options.resendDelaysMs ?? DEFAULT_RESEND_DELAYS_MS)];
  let unknown: UnavailableError | undefined;
  for (;;) {
    try {
      const result = await options.store.append(options.stream, expected, events, options.append);
      verifyReturnedRevision(expected, events.length, result);
      return result;
    } catch (error) {
      if (error instanceof ConflictError && error.code === 'REVISION_CONFLICT') return 'lost_race';
      if (!(error instanceof UnavailableError)) throw error;
      if (error.mayHaveHappened) unknown = error;
      if (unknown === undefined) throw error;
      const delayMs = delays.shift();
      if (delayMs === undefined) throw unknown;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}
