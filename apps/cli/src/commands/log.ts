import type { Command } from 'commander';
import { verifyCheckpoint } from '@writ/checkpoint';
import { toHex } from '@writ/encoding';
import { LedgerError } from '@writ/errors';
import { verifyConsistency, type Hash } from '@writ/merkle';
import type { Answer } from '../answer.js';
import { answering, command, group, type Shell } from '../command.js';
import { readText } from '../input/read-input.js';
import { readTrustFile } from '../input/trust-file.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import { printable } from '../terminal/style.js';
import { fields } from '../terminal/table.js';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

interface ConsistencyFlags extends LedgerFlags {
  readonly trust: string;
}
interface CheckpointFlags extends LedgerFlags {
  readonly note?: boolean;
}

interface TreeHead {
  readonly sizeLeaves: bigint;
  readonly root: Hash;
}

/** The tree that every event is a leaf of. */
export function logCommand(shell: Shell): Command {
  return group('log', 'the one Merkle tree under everything (docs/spec/proof.md)', [
    checkpointCommand(shell),
    consistencyCommand(shell),
  ]);
}

function checkpointCommand(shell: Shell): Command {
  const checkpoint = command('checkpoint', 'the latest signed head of the tree', [
    'writ log checkpoint --note > checkpoint-2026-01-31.txt   # to keep, and to compare a year later',
  ]).option('--note', 'the signed note alone');
  return onLedger(checkpoint).action(
    answering(shell, async (flags: CheckpointFlags) => {
      const published = await withLedger(shell.world, flags, ({ ledger }) => ledger.lineage.getCheckpoint({}));
      const { sizeLeaves, root, cosignedBy, note } = published;
      return {
        json: { sizeLeaves, root: toHex(root), cosignedBy, note },
        text: (style) =>
          flags.note === true
            ? note.trimEnd()
            : fields(style, [
                ['leaves', sizeLeaves.toString()],
                ['root', toHex(root)],
                ['cosigned by', `${cosignedBy} ${cosignedBy === 1 ? 'witness' : 'witnesses'}`],
              ]),
      };
    }),
  );
}

function consistencyCommand(shell: Shell): Command {
  const consistency = command('consistency', 'that the newer of two checkpoints only added to the older', [
    'writ log consistency january.txt december.txt --trust trust.txt',
  ])
    .argument('<old>', 'a checkpoint that was kept; `-`: standard input')
    .argument('<new>', 'a later one')
    .requiredOption('-T, --trust <file>', 'whom to believe: a trust file (`writ keys export --trust`)')
    .addHelpText(
      'after',
      '\nExit codes: 0 the newer tree begins with the older one, 1 it does not, 2 the input cannot be used.\n' +
        'The ledger is asked for the proof; both checkpoints and the proof are verified here.',
    );
  return onLedger(consistency).action(
    answering(shell, async (older: string, newer: string, flags: ConsistencyFlags) =>
      compare(shell.world, older, newer, flags),
    ),
  );
}

async function compare(world: World, older: string, newer: string, flags: ConsistencyFlags): Promise<Answer> {
  // 1. Both heads are signed by the log of the trust file.
  const trust = await readTrustFile(world, flags.trust);
  const read = async (file: string): Promise<TreeHead> => headOf(await readText(world, file), file, trust);
  const [oldHead, newHead] = [await read(older), await read(newer)];
  if (oldHead.sizeLeaves > newHead.sizeLeaves) {
    throw new UsageError('the first checkpoint is the larger one', { advice: 'give the older one first' });
  }
  // 2. The proof, from the ledger; the same tree needs none.
  const path = oldHead.sizeLeaves === newHead.sizeLeaves ? [] : await proofOf(world, oldHead, newHead, flags);
  // 3. Checked here.
  const consistent = isConsistent(oldHead, newHead, path);
  return {
    exit: consistent ? 'OK' : 'NO',
    json: { consistent, old: told(oldHead), new: told(newHead), path: path.map(toHex) },
    text: (style) =>
      consistent
        ? `${style.good('consistent')}: the first ${oldHead.sizeLeaves} of ${newHead.sizeLeaves} leaves are the same`
        : `${style.bad('NOT CONSISTENT')}: both are signed, and they disagree about the first ${oldHead.sizeLeaves} leaves. Keep both files: they are the evidence.`,
  };
}

function headOf(note: string, file: string, trust: Awaited<ReturnType<typeof readTrustFile>>): TreeHead {
  try {
    const { checkpoint } = verifyCheckpoint(note, trust.policy);
    return { sizeLeaves: checkpoint.sizeLeaves, root: checkpoint.rootHash };
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new UsageError(`\`${printable(file)}\`: ${cause.message} (${cause.code})`, { cause });
  }
}

async function proofOf(
  world: World,
  { sizeLeaves: oldSizeLeaves }: TreeHead,
  { sizeLeaves: newSizeLeaves }: TreeHead,
  flags: ConsistencyFlags,
): Promise<readonly Hash[]> {
  // Nothing can disagree with the empty tree.
  if (oldSizeLeaves === 0n) return [];
  const { path } = await withLedger(world, flags, ({ ledger }) =>
    ledger.lineage.proveConsistency({ oldSizeLeaves, newSizeLeaves }),
  );
  return path;
}

function isConsistent(oldHead: TreeHead, newHead: TreeHead, path: readonly Hash[]): boolean {
  if (oldHead.sizeLeaves === 0n) return true;
  try {
    verifyConsistency({
      oldSizeLeaves: oldHead.sizeLeaves,
      oldRootHash: oldHead.root,
      newSizeLeaves: newHead.sizeLeaves,
      newRootHash: newHead.root,
      path,
    });
    return true;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'PROOF_INVALID') return false;
    throw error;
  }
}

function told({ sizeLeaves, root }: TreeHead): { readonly sizeLeaves: bigint; readonly root: string } {
  return { sizeLeaves, root: toHex(root) };
}
