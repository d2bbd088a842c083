import { formatCheckpoint, formatNote, type NoteSignature } from '@writ/checkpoint';
import { concatBytes, utf8 } from '@writ/encoding';
import { leafHash, rootOf, TileProver, type Hash } from '@writ/merkle';
import { NoteKey } from '@writ/signing';

export const ORIGIN = 'ledger.example/loans';
export const logKey = new NoteKey('checkpoint', ORIGIN, new Uint8Array(32).fill(1), 0);

/** A log in memory: its leaves, and all that can be proven of them. */
export class TestLog {
  readonly leaves: readonly Hash[];

  constructor(entries: readonly string[]) {
    this.leaves = entries.map((entry) => leafHash(utf8(entry)));
  }

  root(size: number): Hash {
    return rootOf(this.leaves.slice(0, size));
  }

  text(size: number, origin = ORIGIN): string {
    return formatCheckpoint({ origin, sizeLeaves: BigInt(size), rootHash: this.root(size), extensions: [] });
  }

  note(size: number, key: NoteKey = logKey): string {
    return signedBy(key, this.text(size, key.key.name));
  }

  /** From tiles of exactly that tree. */
  async path(oldSize: number, newSize: number): Promise<readonly Hash[]> {
    return new TileProver({ readTile: (level, index, width) => this.#tile(level, index, width) }, newSize).consistency(
      oldSize,
    );
  }

  #tile(level: number, index: bigint, width: number): Uint8Array {
    const span = 256 ** level;
    const first = Number(index) * 256;
    const hashes = Array.from({ length: width }, (_, at) =>
      rootOf(this.leaves.slice((first + at) * span, (first + at + 1) * span)),
    );
    return concatBytes(...hashes);
  }
}

export function signedBy(key: NoteKey, text: string, more: readonly NoteSignature[] = []): string {
  const { name, keyId } = key.key;
  return formatNote({ text, signatures: [{ name, keyId, signature: key.sign(utf8(text)) }, ...more] });
}

export const entries = (count: number, prefix = 'entry'): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix} ${String(at)}`);

/** The code of the error that `act` throws, or `undefined`. */
export function codeOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}
