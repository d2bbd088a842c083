import { hash } from 'node:crypto';
import { attestationMessage, type VerifySignature } from '@writ/evidence';
import type { Attestation } from '@writ/ledger';

/** Nodes that are remembered, of all batches: some 150 bytes each. A reader in commit order needs those of a few batches. */
const MAX_NODES = 65_536;
const HEIGHT_FACTOR = 2 ** 33;
const NODE_PREFIX = 1;
const HASH_BYTES = 32;

/** Nodes of one signed batch, by height and place; base64. Every one of them was hashed up to the signed root. */
type KnownNodes = Map<number, string>;

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

  /** `true` when `publicKey` signed the batch that `leafHash` is a leaf of, at the place that the attestation names. */
  accepts(
    { keyId, batch, signature }: Omit<Attestation, 'entry'>,
    leafHash: Uint8Array,
    publicKey: Uint8Array,
  ): boolean {
    const name = `${keyId} ${String(batch.size)} ${signature}`;
    const known = this.#batches.get(name);
    if (known !== undefined) {
      const before = known.size;
      const led = climbs(known, batch, leafHash);
      this.#nodes += known.size - before;
      this.#makeRoom(known);
      return led;
    }
    const nodes: KnownNodes = new Map();
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

/** As `climb`, in a batch whose root is signed: adds to the known nodes those that lead to known ones, or none. */
function climbs(known: KnownNodes, batch: Attestation['batch'], leafHash: Uint8Array): boolean {
  const nodes: KnownNodes = new Map();
  if (climb(batch, leafHash, nodes, known) === undefined) return false;
  for (const [at, node] of nodes) known.set(at, node);
  return true;
}

/**
 * Hashes from a leaf to the root (RFC 6962 section 2.1: pairs are joined, a last odd node is lifted unchanged), noting
 * every node and sibling on the way. Once a known node is met, the rest of the path must be known too and is compared
 * instead of hashed. `undefined` where the path has another length, another spelling, or leads elsewhere.
 */
function climb(
  { index, size, path }: Attestation['batch'],
  leafHash: Uint8Array,
  nodes: KnownNodes,
  known?: KnownNodes,
): string | undefined {
  if (!Number.isInteger(index) || !Number.isInteger(size) || index < 0 || index >= size) return undefined;
  let node = Buffer.from(leafHash.buffer, leafHash.byteOffset, leafHash.length).toString('base64');
  let place = index;
  let last = size - 1;
  let steps = 0;
  let met = false;
  for (let height = 0; ; height++) {
    const here = height * HEIGHT_FACTOR + place;
    const expected = known?.get(here);
    if (expected !== undefined) {
      if (expected !== node) return undefined;
      met = true;
    } else if (met) {
      return undefined;
    } else {
      nodes.set(here, node);
    }
    if (last === 0) break;
    const beside = place % 2 === 0 ? place + 1 : place - 1;
    if (beside <= last) {
      const sibling = path[steps];
      steps += 1;
      if (sibling === undefined) return undefined;
      const there = height * HEIGHT_FACTOR + beside;
      const above = known?.get((height + 1) * HEIGHT_FACTOR + Math.floor(place / 2));
      if (above !== undefined && known?.get(there) !== undefined && expected !== undefined) {
        if (known.get(there) !== sibling) return undefined;
        node = above;
      } else {
        const joined = place % 2 === 0 ? join(node, sibling) : join(sibling, node);
        if (joined === undefined) return undefined;
        nodes.set(there, sibling);
        node = joined;
      }
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return steps === path.length ? node : undefined;
}

/** Both in base64; `undefined` unless both are 32 bytes in their one spelling. */
function join(left: string, right: string): string | undefined {
  const leftBytes = bytesOf(left, HASH_BYTES);
  const rightBytes = bytesOf(right, HASH_BYTES);
  if (leftBytes === undefined || rightBytes === undefined) return undefined;
  const input = Buffer.allocUnsafe(1 + 2 * HASH_BYTES);
  input[0] = NODE_PREFIX;
  input.set(leftBytes, 1);
  input.set(rightBytes, 1 + HASH_BYTES);
  return hash('sha256', input, 'base64');
}

/** Node's decoder takes any spelling; writing the bytes out again shows whether it was the one. */
function bytesOf(base64: string, length: number): Uint8Array | undefined {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length === length && bytes.toString('base64') === base64 ? bytes : undefined;
}
