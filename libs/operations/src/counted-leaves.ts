import { toHex, utf8 } from '@writ/encoding';
import type { EventId } from '@writ/encoding';
import { UnavailableError } from '@writ/errors';
import type { RecordedEvent } from '@writ/event-store';
import { parseMetadata, type Attestation } from '@writ/ledger';
import type { Lineage, Standing } from '@writ/lineage';
import { leafHash } from '@writ/merkle';

/** How long the tree may take to reach a cut-off: on a node that has just begun to follow it. */
const PATIENCE_MS = 2_000;
/** Leaves remembered as standing below a cut-off; about 150 bytes each. */
const MAX_REMEMBERED = 65_536;

type Looked = Pick<Lineage, 'standings' | 'awaitStanding' | 'entryAt' | 'status'>;

/**
 * Which events of revoked keys still count: those that the tree holds below the cut-off. What is looked up is the leaf,
 * not the event id, so that a stolen key cannot sign another event into the place of an old one.
 */
export class CountedLeaves {
  readonly #lineage: Looked;
  readonly #counted = new Set<string>();

  constructor(lineage: Looked) {
    this.#lineage = lineage;
  }

  has(attestation: Attestation): boolean {
    return this.#counted.has(nameOf(attestation));
  }

  /**
   * Looks up those of `recorded` that a revoked key attests.
   * @returns `false` where that brought nothing new
   * @throws UnavailableError `NOT_SEQUENCED_YET` where the tree, as this node knows it, does not reach the cut-off
   */
  async learn(
    recorded: readonly RecordedEvent[],
    cutOffIndexOf: (keyId: string) => bigint | undefined,
  ): Promise<boolean> {
    const wanted = recorded.flatMap((stored) => {
      const { attestation } = parseMetadata(stored.metadata);
      const cutOffIndex = cutOffIndexOf(attestation.keyId);
      return cutOffIndex === undefined || this.has(attestation) ? [] : [{ stored, attestation, cutOffIndex }];
    });
    // Looked up by another call in the meantime.
    if (wanted.length === 0) return true;
    const eventIds = wanted.map(({ stored }) => stored.eventId as EventId);
    const furthest = wanted.reduce((most, { cutOffIndex }) => (cutOffIndex > most ? cutOffIndex : most), 0n);
    const standings = await this.#standings(eventIds, furthest);
    let learned = false;
    for (const [at, { attestation, cutOffIndex }] of wanted.entries()) {
      const standing = standings[at];
      if (standing === undefined || standing.kind === 'recorded') await this.#requireReached(cutOffIndex);
      else if (standing.index < cutOffIndex && (await this.#holds(standing.index, attestation))) {
        this.#remember(nameOf(attestation));
        learned = true;
      }
    }
    return learned;
  }

  /** Waits only where the tree, as this node knows it, is smaller than any of the cut-offs. */
  async #standings(eventIds: readonly EventId[], furthest: bigint): Promise<readonly Standing[]> {
    const standings = await this.#lineage.standings(eventIds);
    if (standings.every(({ kind }) => kind !== 'recorded')) return standings;
    if ((await this.#lineage.status()).sizeLeaves >= furthest) return standings;
    return this.#lineage.awaitStanding(eventIds, 'sequenced', { timeoutMs: PATIENCE_MS });
  }

  async #holds(index: bigint, { entry }: Attestation): Promise<boolean> {
    const located = await this.#lineage.entryAt(index);
    return toHex(located.leafHash) === toHex(leafHash(utf8(entry)));
  }

  /** An event that has no index cannot get one below the cut-off, once the tree has grown so far. */
  async #requireReached(cutOffIndex: bigint): Promise<void> {
    const { sizeLeaves } = await this.#lineage.status();
    if (sizeLeaves >= cutOffIndex) return;
    throw new UnavailableError('NOT_SEQUENCED_YET', 'whether a revoked key still counts here is not known yet', {
      cutOffIndex: cutOffIndex.toString(),
      treeSize: sizeLeaves.toString(),
    });
  }

  #remember(name: string): void {
    if (this.#counted.size >= MAX_REMEMBERED) {
      for (const oldest of this.#counted) {
        this.#counted.delete(oldest);
        break;
      }
    }
    this.#counted.add(name);
  }
}

/** The key belongs to it: another revoked key has another cut-off. */
function nameOf({ keyId, entry }: Attestation): string {
  return `${keyId}${toHex(leafHash(utf8(entry)))}`;
}
