import { createPublicKey, verify } from 'node:crypto';

import { parseCheckpoint, parseNote, parseVerifierKey } from '@writ/checkpoint';
import {
  decodeEntryBundle,
  entriesPath,
  leafHash,
  rootOf,
  tilePath,
  tilesOf,
  TILE_WIDTH,
  tileWidth,
  type Hash,
} from '@writ/merkle';

const HASH_BYTES = 32;
/** Of an Ed25519 public key (RFC 8410): what stands in front of its 32 bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A reader of tiled logs that knows C2SP's pages and nothing of Writ: HTTP, hashes, and one public key. */
export class TlogClient {
  constructor(
    private readonly prefix: string,
    /** The log's vkey, pinned. */
    private readonly vkey: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  get(path: string): Promise<Response> {
    return fetch(`${this.prefix}/${path}`, { headers: this.headers });
  }

  /** The latest checkpoint; throws unless the log signed it. */
  async checkpoint(): Promise<{ readonly sizeLeaves: bigint; readonly rootHash: Uint8Array; readonly note: string }> {
    const answer = await this.get('checkpoint');
    const note = await answer.text();
    if (answer.status !== 200) throw new Error(`no checkpoint: ${note}`);
    const key = parseVerifierKey(this.vkey);
    const { text, signatures } = parseNote(note);
    const line = signatures.find(({ name, keyId }) => name === key.name && keyId === key.keyId);
    const publicKey = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, key.publicKey]),
      format: 'der',
      type: 'spki',
    });
    if (line === undefined || !verify(null, Buffer.from(text), publicKey, line.signature)) {
      throw new Error('the log did not sign');
    }
    const { origin, sizeLeaves, rootHash } = parseCheckpoint(text);
    if (origin !== key.name) throw new Error('another origin');
    return { sizeLeaves, rootHash, note };
  }

  async bytes(path: string): Promise<Uint8Array> {
    const answer = await this.get(path);
    if (answer.status !== 200) throw new Error(`${path}: ${String(answer.status)}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** Every tile of a tree, each hash held against those below it; returns the leaf hashes. */
  async leafHashes(sizeLeaves: bigint): Promise<readonly Hash[]> {
    const leaves: Hash[] = [];
    const below = new Map<number, Hash[]>();
    for (const tile of tilesOf(sizeLeaves)) {
      const hashes = hashesIn(await this.bytes(tilePath(tile)));
      if (hashes.length !== tile.width) throw new Error(`${tilePath(tile)} has another width`);
      const level = below.get(tile.level) ?? [];
      below.set(tile.level, level);
      level.push(...hashes);
      if (tile.level === 0) leaves.push(...hashes);
    }
    for (const [level, hashes] of below) {
      if (level === 0) continue;
      for (const [at, hash] of hashes.entries()) {
        const children = (below.get(level - 1) ?? []).slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH);
        if (Buffer.compare(rootOf(children), hash) !== 0) throw new Error(`a hash of level ${String(level)} is wrong`);
      }
    }
    return leaves;
  }

  /** Every entry of a tree, each held against its leaf. */
  async entries(sizeLeaves: bigint, leaves: readonly Hash[]): Promise<readonly Uint8Array[]> {
    const entries: Uint8Array[] = [];
    for (let index = 0n; ; index += 1n) {
      const width = tileWidth(sizeLeaves, 0, index);
      if (width === 0) break;
      entries.push(...decodeEntryBundle(await this.bytes(entriesPath(index, width)), width));
    }
    for (const [at, entry] of entries.entries()) {
      if (Buffer.compare(leafHash(entry), leaves[at] ?? new Uint8Array()) !== 0) {
        throw new Error(`entry ${String(at)} is not the leaf`);
      }
    }
    return entries;
  }
}

function hashesIn(tile: Uint8Array): Hash[] {
  const count = tile.length / HASH_BYTES;
  return Array.from({ length: count }, (_, at) => tile.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES) as Hash);
}
