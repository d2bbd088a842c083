import { hash } from 'node:crypto';
import { attestationMessage, type VerifySignature } from '@writ/evidence';
import type { Attestation } from '@writ/ledger';

/** Nodes that are remembered, of all batches: some 150 bytes each. A reader in commit order needs those of a few batches. */
const MAX_NODES = 65_536;
const NODE_PREFIX = 1;
const HASH_BYTES = 32;

/** Nodes of one signed batch, by height and then by place; base64. Every one of them was hashed up to the signed root. */
class KnownNodes {
  readonly #heights: Map<number, string>[] = [];
  size = 0;

  get(height: number, place: number): string | undefined {
    return this.#heights[height]?.get(place);
  }

  add({ height, place, node }: PlacedNode): void {
    const nodes = (this.#heights[height] ??= new Map<number, string>());
    if (!nodes.has(place)) this.size += 1;
    nodes.set(place, node);
  }
}

interface PlacedNode {
  readonly height: number;
  readonly place: number;
  readonly node: string;
}

/**
 * Checks leaves of signed batches of one origin, sharing what events of one micro-batch have in common: the signature, and the nodes
 * between a leaf and the root. Each node is hashed once for the whole batch instead of once for each event below it; an
 * event whose path differs in a single bit from the nodes that led to the root does not pass.
 */
export class BatchVerdicts {
  readonly #origin: string;
  readonly #verify: VerifySignature;
  /** The first is the one that was met longest ago. */
  readonly #batches = new Map<string, KnownNodes>();
  #nodes = 0;

  constructor(origin: string, verify: VerifySignature) {
    this.#origin = origin;
    this.#verify = verify;
  }

  /**
   * `true` when `publicKey` signed the batch that `leafHash` is a leaf of, at the place that the attestation names.
   * @param leafHash base64
   */
  accepts({ keyId, batch, signature }: Omit<Attestation, 'entry'>, leafHash: string, publicKey: Uint8Array): boolean {
    const name = `${keyId} ${String(batch.size)} ${signature}`;
    const known = this.#batches.get(name);
    if (known !== undefined) {
      const before = known.size;
      const root = climb(batch, leafHash, known);
      this.#nodes += known.size - before;
      this.#makeRoom(known);
      return root !== undefined;
    }
    const nodes = new KnownNodes();
    const root = climb(batch, leafHash, nodes);
    if (root === undefined) return false;
    const message = attestationMessage(this.#origin, batch.size, Buffer.from(root, 'base64'));
    const signature64 = bytesOf(signature, 64);
    if (signature64 === undefined || !this.#verify(message, signature64, publicKey)) return false;
    this.#batches.set(name, nodes);
    this.#nodes += nodes.size;
    this.#makeRoom(nodes);
    return true;
  }

  /** Lets go of the batches met first, but for the one just met. */
  #makeRoom(current: KnownNodes): void {
    for (const [name, nodes] of this.#batches) {
      if (this.#nodes <= MAX_NODES) return;
      if (nodes === current) continue;
      this.#batches.delete(name);
      this.#nodes -= nodes.size;
    }
  }
}

/**
 * Hashes from a leaf to the root (RFC 6962 section 2.1: pairs are joined, a last odd node is lifted unchanged), as far as
 * no known node is met. From there on everything is known, for it led to the root before: the rest of the path is
 * compared. What is new is added to `known`, nodes and siblings, but only once it is at the root or at a known node.
 * @returns the node at the end, which is the root where none was known; `undefined` where the path has another length,
 *   another spelling, or leads elsewhere
 */
function climb({ index, size, path }: Attestation['batch'], leafHash: string, known: KnownNodes): string | undefined {
  if (!Number.isInteger(index) || !Number.isInteger(size) || index < 0 || index >= size) return undefined;
  const fresh: PlacedNode[] = [];
  let node = leafHash;
  let met = false;
  let steps = 0;
  for (let height = 0, place = index, last = size - 1; ; height++) {
    if (!met) {
      const expected = known.get(height, place);
      if (expected === undefined) fresh.push({ height, place, node });
      else if (expected === node) met = true;
      else return undefined;
    }
    if (last === 0) break;
    const isRight = place % 2 === 1;
    const beside = isRight ? place - 1 : place + 1;
    if (beside <= last) {
      const sibling = path[steps];
      steps += 1;
      if (sibling === undefined) return undefined;
      if (met) {
        if (sibling !== known.get(height, beside)) return undefined;
      } else {
        const own = put(sibling, isRight ? LEFT : RIGHT);
        if (own !== sibling) return undefined;
        put(node, isRight ? RIGHT : LEFT);
        fresh.push({ height, place: beside, node: own });
        node = hash('sha256', pair, 'base64');
      }
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  if (steps !== path.length) return undefined;
  for (const placed of fresh) known.add(placed);
  return node;
}

/** What is hashed for a node. */
const pair = Buffer.alloc(1 + 2 * HASH_BYTES);
pair[0] = NODE_PREFIX;
const LEFT = 1;
const RIGHT = LEFT + HASH_BYTES;

/**
 * Puts a hash, in base64, into its half of the pair.
 * @returns the spelling of what lies there now: that which was given, if it was 32 bytes in their one spelling. It is a
 *   text of its own, where the one that was given may be a part of a long one that would be kept for its sake
 */
function put(base64: string, begin: number): string {
  pair.write(base64, begin, HASH_BYTES, 'base64');
  return pair.toString('base64', begin, begin + HASH_BYTES);
}

/** Node's decoder takes any spelling; writing the bytes out again shows whether it was the one. */
function bytesOf(base64: string, length: number): Uint8Array | undefined {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length === length && bytes.toString('base64') === base64 ? bytes : undefined;
}
