import { parseBase64, parseCanonical, type JsonValue } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import { z } from 'zod';

/** A file outside the store that tells what the store held: the mark, or what a node has seen. */
export interface OutsideFile {
  /** As it is told in a finding. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What it tells. */
export interface OutsideHead {
  readonly path: string;
  readonly tree: { readonly sizeLeaves: number; readonly root: Uint8Array } | undefined;
  readonly events: readonly OutsideEvent[];
}

export interface OutsideEvent {
  readonly stream: string;
  readonly revision: string;
  readonly eventId: string;
}

const decimal = z.string().regex(/^(?:0|[1-9][0-9]{0,15})$/);
const event = { stream: z.string(), revision: decimal, position: decimal, eventId: z.string() };
const head = { sizeLeaves: decimal, root: z.string() };
const file = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('writ/mark/v1'), vkey: z.string(), ...head }),
  z.strictObject({
    format: z.literal('writ/seen-head/v1'),
    origin: z.string(),
    last: z.strictObject(event).optional(),
    lineage: z.strictObject({ ...event, ...head }).optional(),
  }),
]);

/** Reads either file; `undefined` where it is none of that ledger. */
export function parseOutside({ path, bytes }: OutsideFile, origin: string): OutsideHead | undefined {
  try {
    const told = file.parse(parseCanonical(bytes) satisfies JsonValue);
    if (told.format === 'writ/mark/v1') {
      // The name of a checkpoint key is the origin.
      return told.vkey.startsWith(`${origin}+`) ? { path, tree: treeOf(told), events: [] } : undefined;
    }
    const { last, lineage } = told;
    if (told.origin !== origin) return undefined;
    const events = [last, lineage].filter((seen) => seen !== undefined);
    return { path, tree: lineage === undefined ? undefined : treeOf(lineage), events };
  } catch (error) {
    if (error instanceof LedgerError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

function treeOf({ sizeLeaves, root }: { readonly sizeLeaves: string; readonly root: string }) {
  return { sizeLeaves: Number(sizeLeaves), root: parseBase64(root, 32) };
}
