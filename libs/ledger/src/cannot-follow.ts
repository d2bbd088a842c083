import { IntegrityError } from '@writ/errors';

/** What a refusal names of an event of any stream. */
interface Subject {
  readonly type: string;
  readonly revision: bigint;
}

/** Refuses `event` as a successor, with its place in the details: IntegrityError EVENT_INVALID. */
export function cannotFollow(event: Subject, reason: string): never {
  throw new IntegrityError('EVENT_INVALID', `\`${event.type}\` cannot follow: ${reason}`, {
    type: event.type,
    revision: String(event.revision),
    reason,
  });
}

/** Refuses `event` unless `holds`. */
export function requireThat(holds: boolean, event: Subject, reason: string): asserts holds {
  if (!holds) cannotFollow(event, reason);
}
