import type { Command } from 'commander';
import { verifyStore, type StoreVerification } from '@writ/instance';
import { createVerifier } from '@writ/signing';
import type { Answer } from '../answer.js';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { readTrust } from '../input/trust-file.js';
import { progressOn } from '../terminal/progress.js';
import { printable, type Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { UsageError } from '../usage-error.js';
import { readDocuments } from '../verification/read-documents.js';
import { reportOf, type VerificationReport } from '../verification/report.js';
import { verifyDocument } from '../verification/verify-document.js';

interface Flags {
  readonly key: string;
  readonly origin?: string;
  readonly store?: string;
}

const SHOWN_FAILURES = 20;

export function verifyCommand(shell: Shell): Command {
  return command('verify', 'check offline that a pinned key signed receipts, attestations, or a whole store', [
    'writ verify receipts.jsonl --key trust.json',
    'writ show order-4711 --json | writ verify - --key trust.json',
    'writ verify --store .writ/ledger.db --key trust.json',
  ])
    .argument('[files...]', 'JSON or JSON Lines, as the commands with --json and the HTTP interface write; `-`: stdin')
    .requiredOption('-k, --key <file|key>', 'a trust file (`writ keys show --trust`), or a public key in hex or base64')
    .option('--origin <name>', 'with a bare key: the ledger that it signs for')
    .option('--store <path>', 'every event of this store instead of files; it may be in use')
    .addHelpText(
      'after',
      '\nExit codes: 0 all of it is signed as it stands, 1 something is not, 2 the input cannot be used.\n' +
        'It says "signed": that an event is also recorded, in its place, needs the lineage.',
    )
    .action(
      answering(shell, async (files: readonly string[], flags: Flags) => {
        if (flags.store !== undefined && files.length > 0) throw new UsageError('either files or `--store`');
        if (flags.store !== undefined) return verifyWholeStore(shell, flags, flags.store);
        if (files.length === 0)
          throw new UsageError('what shall be verified?', { advice: 'name files, `-`, or --store' });
        return verifyFiles(shell, files, flags);
      }),
    );
}

async function verifyFiles({ world }: Shell, files: readonly string[], flags: Flags): Promise<Answer> {
  const trust = await readTrust(world, flags.key, flags.origin);
  const verifier = createVerifier(trust.keys, { origin: trust.origin });
  const documents = (await Promise.all(files.map((file) => readDocuments(world, file)))).flat();
  const progress = progressOn(world.stderr, 'verify', documents.length, world.nowMs);
  const findings = documents.flatMap(({ place, value }, at) => {
    const found = verifyDocument(value, place, { verifier, trust });
    if (found.length === 0) {
      throw new UsageError(`\`${place}\` holds nothing that is signed`, {
        advice: 'receipts, attestations, executions with their events, answers of --json',
      });
    }
    if (documents.length > 100) progress.to(at + 1);
    return found;
  });
  if (documents.length > 100) progress.end();
  const report = reportOf(documents.length, findings);
  return {
    exit: report.verdict === 'verified' ? 'OK' : 'NO',
    json: { ...report, origin: trust.origin, keys: trust.keys.map(({ keyId }) => keyId) },
    text: (style) => reportText(report, style),
  };
}

function reportText(report: VerificationReport, style: Style): string {
  const { verdict, documents, signed, signatures, checks, failures, asserted } = report;
  const others = signatures === signed ? '' : ` and ${counted(signatures - signed, 'other signature')}`;
  const head =
    verdict === 'verified'
      ? `${style.good('signed')}: ${counted(signed, 'event')}${others} in ${counted(documents, 'document')}, ${checks.passed} checks passed`
      : `${style.bad('NOT VERIFIED')}: ${checks.failed} of ${checks.passed + checks.failed} checks failed`;
  const shown = failures
    .slice(0, SHOWN_FAILURES)
    .flatMap(({ place, checks: all }) =>
      all
        .filter(({ status }) => status === 'failed')
        .map(({ name, code, detail }) => `  ${printable(place)}: ${name} ${code ?? ''} ${printable(detail ?? '')}`),
    );
  const more = failures.length > SHOWN_FAILURES ? [`  and ${failures.length - SHOWN_FAILURES} more`] : [];
  const besides = Object.entries(asserted).map(([name, count]) =>
    style.dim(`  asserted, not shown: ${count} × ${name} (its event is not in the receipt)`),
  );
  return [head, ...shown, ...more, ...besides].join('\n');
}

async function verifyWholeStore({ world }: Shell, flags: Flags, store: string): Promise<Answer> {
  const trust = await readTrust(world, flags.key, flags.origin);
  const progress = progressOn(world.stderr, 'verify', 0, world.nowMs);
  const result = await verifyStore(settingsOf(world, { store }).store, trust, (events) => progress.to(events));
  const verified = result.signed === result.events && result.events > 0;
  return {
    exit: verified ? 'OK' : 'NO',
    json: { verdict: verified ? 'verified' : 'not_verified', standing: 'signed', origin: trust.origin, ...result },
    text: (style) => storeText(result, verified, style),
  };
}

function storeText({ events, signed, types, faults }: StoreVerification, verified: boolean, style: Style): string {
  const head = verified
    ? `${style.good('signed')}: all ${events} events`
    : `${style.bad('NOT VERIFIED')}: ${events - signed} of ${events} events are not signed as they stand`;
  const rows = Object.entries(types)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, count]) => [type, String(count)]);
  const listed = faults.map(({ stream, revision, code }) => `  ${printable(stream)} revision ${revision}: ${code}`);
  return [head, ...listed, table(style, ['type', 'signed'], rows)].join('\n');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
