import type { Command } from 'commander';
import type { Key, KeyAnswer } from '@writ/client';
import { formatInstant, parseBase64, parseKeyId, sha256, toHex, type KeyId } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import { eraseSecret, readPublicHalf, successorPath } from '@writ/signing';
import type { Answer } from '../answer.js';
import { answering, command, wholeNumber, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { onLedger, withLedger, type LedgerFlags } from '../ledger/open-ledger.js';
import type { Style } from '../terminal/style.js';
import { fields, table } from '../terminal/table.js';
import { UsageError } from '../usage-error.js';

interface RotateFlags extends LedgerFlags {
  readonly replaces?: string;
  readonly next?: string;
}
interface RevokeFlags extends LedgerFlags {
  readonly reason: string;
  readonly cutOffIndex?: number;
}

export function listKeys(shell: Shell): Command {
  return onLedger(
    command('list', 'the keys that the ledger has recorded, since which leaf, and which one signs', [
      'writ keys list',
      'writ keys list --store .writ/ledger.db   # no server running',
    ]),
  ).action(
    answering(shell, async (flags: LedgerFlags) => {
      const answer = await withLedger(shell.world, flags, ({ ledger }) => ledger.keys.list());
      const { keys, signsWith } = answer;
      const rows = keys.map((key) => [
        key.keyId,
        stateOf(key),
        key.addedIndex?.toString() ?? 'not sequenced',
        formatInstant(key.addedAtMs),
        fingerprint(key),
      ]);
      return {
        json: answer,
        text: (style) =>
          `${table(style, ['key', 'state', 'leaf', 'since', 'SHA-256 of the public key'], rows)}\nThis node signs with ${signsWith}.`,
      };
    }),
  );
}

export function rotateKey(shell: Shell): Command {
  return onLedger(
    command('rotate', 'put a new key in the place of the one that signs, while the ledger goes on', [
      'writ keys rotate',
      'writ keys rotate --replaces 3f2a9c0d1e4b5a67   # may be repeated: it rotates once',
      'writ keys rotate --store .writ/ledger.db       # no server running',
    ])
      .option('--replaces <keyId>', 'the key that goes; the current one when absent')
      .option('--next <keyId>', 'the key that comes, whose file lies beside already; a fresh one when absent'),
  ).action(
    answering(shell, async (flags: RotateFlags) =>
      withLedger(shell.world, flags, async ({ ledger }): Promise<Answer> => {
        const replaces = flags.replaces ?? (await ledger.keys.list()).keys.find(isCurrent)?.keyId;
        const answer = await ledger.keys.rotate({
          ...(replaces === undefined ? {} : { replaces: parseKeyId(replaces) }),
          ...(flags.next === undefined ? {} : { next: parseKeyId(flags.next) }),
        });
        const told = answer.replayed ? 'It had been rotated in before.' : 'Back its file up, beside the former ones.';
        return { json: answer, text: (style) => `${keyText(answer, style)}\n${told}` };
      }),
    ),
  );
}

export function revokeKey(shell: Shell): Command {
  return onLedger(
    command('revoke', 'from a leaf on, nothing that the key signed counts any more; rotate first', [
      'writ keys revoke 3f2a9c0d1e4b5a67 --reason "a backup was stolen"',
      'writ keys revoke 3f2a9c0d1e4b5a67 --reason "stolen on Monday" --cut-off-index 41234',
    ])
      .argument('<keyId>')
      .requiredOption('--reason <text>', 'recorded with the revocation')
      .option(
        '--cut-off-index <n>',
        'the first leaf at which it does not count; the size of the tree when absent',
        wholeNumber,
      ),
  ).action(
    answering(shell, async (keyId: string, flags: RevokeFlags) => {
      const answer = await withLedger(shell.world, flags, ({ ledger }) =>
        ledger.keys.revoke({
          keyId: parseKeyId(keyId),
          reason: flags.reason,
          ...(flags.cutOffIndex === undefined ? {} : { cutOffIndex: BigInt(flags.cutOffIndex) }),
        }),
      );
      return { json: answer, text: (style) => keyText(answer, style) };
    }),
  );
}

export function eraseKey(shell: Shell): Command {
  return onLedger(
    command('erase', 'take the secret out of the file of a key that no longer signs; its public half stays', [
      'writ keys erase 3f2a9c0d1e4b5a67',
    ]).argument('<keyId>'),
  ).action(
    answering(shell, async (text: string, flags: LedgerFlags) => {
      const keyId = parseKeyId(text);
      // Asked of the ledger, not of the file: a file does not know that another has taken its place.
      const { keys, signsWith } = await withLedger(shell.world, flags, ({ ledger }) => ledger.keys.list());
      const key = keys.find((known) => known.keyId === keyId);
      if (key === undefined) throw new UsageError(`the ledger has recorded no key \`${keyId}\``);
      if (isCurrent(key) || signsWith === keyId) {
        throw new RejectedError('KEY_IN_USE', 'the key signs now: rotate first', { keyId });
      }
      const { keyFile } = settingsOf(shell.world, flags);
      const path = (await readPublicHalf(keyFile)).keyId === keyId ? keyFile : successorPath(keyFile, keyId);
      await eraseSecret(path);
      return {
        json: { path, keyId },
        text: (style) =>
          fields(style, [
            ['key', keyId],
            ['key file', path],
            ['secret', 'erased'],
          ]),
      };
    }),
  );
}

function keyText({ key }: KeyAnswer, style: Style): string {
  return fields(style, [
    ['key', key.keyId],
    ['state', stateOf(key)],
    ['public key', key.publicKey],
    ['SHA-256', fingerprint(key)],
  ]);
}

function stateOf({ state, cutOffIndex }: Key): string {
  return cutOffIndex === undefined ? state : `${state} from leaf ${cutOffIndex}`;
}

function fingerprint({ publicKey }: Key): string {
  return toHex(sha256(parseBase64(publicKey, 33))).replace(/.{4}(?=.)/g, '$& ');
}

function isCurrent({ state }: { readonly state: Key['state']; readonly keyId: KeyId }): boolean {
  return state === 'current';
}
