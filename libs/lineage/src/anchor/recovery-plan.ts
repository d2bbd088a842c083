import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { canonicalise, parseBase64, parseCanonical, parseEventId, toBase64 } from '@writ/encoding';
import { IntegrityError } from '@writ/errors';
import { z } from 'zod';

import { readWhole, replaceFile } from './durable-file.js';
import type { SurvivingLeaf } from './surviving-tree.js';
import type { TreeHead } from './tree-head.js';

/**
 * What a recovery is about to do, kept beside the mark until it is done: once the lineage says that it was recovered, a
 * node that starts makes its tiles and index anew, and what a second try would need is then only here.
 */
export interface RecoveryPlan {
  readonly known: TreeHead;
  /** Index of the first of `leaves`. */
  readonly firstIndex: bigint;
  readonly leaves: readonly SurvivingLeaf[];
  /** Streams that lack events which had an index, or which this node had seen. */
  readonly lostStreams: readonly string[];
}

const PLAN_FILE = 'recovery.json';
/** Stays for ever: the lineage then says of which streams events are lost, and has to be asked before a grant is given. */
const RECOVERED_FILE = 'recovered';
/** About a million leaves. */
const MAX_BYTES = 256 * 1024 * 1024;
const DECIMAL = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/);
const planSchema = z.strictObject({
  format: z.literal('writ/recovery/v1'),
  knownSize: DECIMAL,
  knownRoot: z.string(),
  firstIndex: DECIMAL,
  leaves: z.array(z.tuple([z.string(), DECIMAL, z.string(), z.string()])),
  lostStreams: z.array(z.string()),
});

export async function writePlan(markDir: string, plan: RecoveryPlan): Promise<void> {
  const content = canonicalise({
    format: 'writ/recovery/v1',
    knownSize: String(plan.known.sizeLeaves),
    knownRoot: toBase64(plan.known.root),
    firstIndex: String(plan.firstIndex),
    leaves: plan.leaves.map(({ stream, revision, eventId, leafHash }) => [
      stream,
      String(revision),
      eventId,
      toBase64(leafHash),
    ]),
    lostStreams: [...plan.lostStreams],
  });
  await replaceFile(join(markDir, PLAN_FILE), content);
  await replaceFile(join(markDir, RECOVERED_FILE), 'writ/recovered/v1\n');
}

/** A recovery of this ledger was begun, at whatever time. */
export function wasRecovered(markDir: string): boolean {
  return existsSync(join(markDir, RECOVERED_FILE));
}

/** `undefined` where no recovery was begun. @throws IntegrityError `LINEAGE_INVALID` where it cannot be read */
export async function readPlan(markDir: string): Promise<RecoveryPlan | undefined> {
  const path = join(markDir, PLAN_FILE);
  const content = await readWhole(path);
  if (content === undefined) return undefined;
  try {
    const fields = planSchema.parse(parseCanonical(content, { maxBytes: MAX_BYTES }));
    return {
      known: { sizeLeaves: BigInt(fields.knownSize), root: parseBase64(fields.knownRoot, 32) },
      firstIndex: BigInt(fields.firstIndex),
      leaves: fields.leaves.map(([stream, revision, eventId, leafHash]) => ({
        stream,
        revision: BigInt(revision),
        eventId: parseEventId(eventId),
        leafHash: parseBase64(leafHash, 32),
      })),
      lostStreams: fields.lostStreams,
    };
  } catch (cause) {
    throw new IntegrityError('LINEAGE_INVALID', 'the plan of a recovery cannot be read', { path }, { cause });
  }
}

/** The recovery is done. A crash before leaves the plan: the next one finds that nothing is left of it to do. */
export async function removePlan(markDir: string): Promise<void> {
  await rm(join(markDir, PLAN_FILE), { force: true });
}
