import { parseBase64, parseJson } from '@writ/encoding';
import { LedgerError } from '@writ/errors';

/** A file outside the store that names a head of its tree: the mark, or what a node has seen. */
export interface OutsideHead {
  /** As it is told in a finding. */
  readonly path: string;
  readonly text: string;
}

/** Reads `sizeLeaves` and `root` (base64) out of a JSON object of that ledger; `undefined` where it is none. */
export function parseHead(
  text: string,
  origin: string,
): { readonly sizeLeaves: number; readonly root: Uint8Array } | undefined {
  try {
    const value = parseJson(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const { sizeLeaves, root, origin: named, vkey } = value as Readonly<Record<string, unknown>>;
    // The mark names its key, whose name is the origin.
    const of = typeof vkey === 'string' ? vkey.split('+')[0] : named;
    if (of !== origin || typeof sizeLeaves !== 'string' || typeof root !== 'string') return undefined;
    if (!/^(?:0|[1-9][0-9]{0,15})$/.test(sizeLeaves)) return undefined;
    return { sizeLeaves: Number(sizeLeaves), root: parseBase64(root, 32) };
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
