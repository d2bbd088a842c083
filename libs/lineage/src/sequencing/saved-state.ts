import { parseBase64, toBase64, type EventId } from '@writ/encoding';
import type { LineageStreamState } from '@writ/ledger';
import { z } from 'zod';

/** How far the files of the tree are durable. */
export interface SavedState {
  readonly state: LineageStreamState;
  /** Of the event at `state.lastRevision`: by it a store that is another, or an older one, is told. */
  readonly headEventId: EventId | undefined;
}

const counter = z.string().regex(/^-?[0-9]+$/);
const savedSchema = z.object({
  origin: z.string().nullable(),
  lastRevision: counter,
  lastRecordedAtMs: z.number(),
  sizeLeaves: counter,
  root: z.string(),
  through: counter.nullable(),
  checkpoint: z
    .object({
      sizeLeaves: counter,
      root: z.string(),
      note: z.string(),
      cosignedBy: z.number(),
      revision: counter,
      eventId: z.string(),
    })
    .nullable(),
  recoveries: z.array(counter),
  headEventId: z.string().nullable(),
});

/** Our own cache's form; nobody else reads it. */
export function formatSavedState({ state, headEventId }: SavedState): string {
  const { checkpoint } = state;
  const form: z.infer<typeof savedSchema> = {
    origin: state.origin,
    lastRevision: String(state.lastRevision),
    lastRecordedAtMs: state.lastRecordedAtMs,
    sizeLeaves: String(state.sizeLeaves),
    root: toBase64(state.root),
    through: state.through === null ? null : String(state.through),
    checkpoint:
      checkpoint === null
        ? null
        : {
            ...checkpoint,
            sizeLeaves: String(checkpoint.sizeLeaves),
            root: toBase64(checkpoint.root),
            revision: String(checkpoint.revision),
          },
    recoveries: state.recoveries.map(String),
    headEventId: headEventId ?? null,
  };
  return JSON.stringify(form);
}

/** `undefined` for what cannot be read: the cache is then built anew. */
export function parseSavedState(text: string | undefined): SavedState | undefined {
  if (text === undefined) return undefined;
  try {
    const { checkpoint, headEventId, ...form } = savedSchema.parse(JSON.parse(text));
    return {
      state: {
        ...form,
        lastRevision: BigInt(form.lastRevision),
        sizeLeaves: BigInt(form.sizeLeaves),
        root: parseBase64(form.root, 32),
        through: form.through === null ? null : BigInt(form.through),
        checkpoint:
          checkpoint === null
            ? null
            : {
                ...checkpoint,
                sizeLeaves: BigInt(checkpoint.sizeLeaves),
                root: parseBase64(checkpoint.root, 32),
                revision: BigInt(checkpoint.revision),
                eventId: checkpoint.eventId as EventId,
              },
        recoveries: form.recoveries.map(BigInt),
      },
      headEventId: (headEventId ?? undefined) as EventId | undefined,
    };
  } catch {
    return undefined;
  }
}
