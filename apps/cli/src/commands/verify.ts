import { Option, type Command } from 'commander';
import { verifyStore, type StoreVerification } from '@writ/instance';
import { createVerifier } from '@writ/signing';
import type { Answer } from '../answer.js';
import { answering, command, type Shell } from '../command.js';
import { settingsOf } from '../input/settings-of.js';
import { readText } from '../input/read-input.js';
import { readTrust, readTrustFile, type TrustFlags } from '../input/trust-file.js';
import { progressOn } from '../terminal/progress.js';
import { reportText } from '../terminal/show-report.js';
import { printable, type Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { UsageError } from '../usage-error.js';
import { documentsIn } from '../verification/read-documents.js';
import { reportOf, type VerificationReport } from '../verification/report.js';
import { verifyDocument } from '../verification/verify-document.js';
import {
  evidenceKindOf,
  evidenceVerifier,
  type EvidenceFlags,
  type VerifiedFile,
} from '../verification/verify-evidence.js';

interface Flags extends TrustFlags, EvidenceFlags {
  readonly store?: string;
}

const SHOWN_FAILURES = 20;

interface ReadFile {
  readonly place: string;
  readonly text: string;
}

export function verifyCommand(shell: Shell): Command {
  return command('verify', 'check offline what a bundle, a proof, receipts, or a whole store prove', [
    'writ verify loan-1001.bundle.json --trust trust.txt',
    'writ verify loan-1001.bundle.json --trust trust.txt --require reevaluated --max-age 1d',
    'writ verify receipts.jsonl --trust trust.txt',
    'writ show order-4711 --json | writ verify - --trust trust.txt',
    'writ verify --store .writ/ledger.db --trust trust.txt',
  ])
    .argument('[files...]', 'bundles, tlog-proofs, or JSON and JSON Lines of the commands with --json; `-`: stdin')
    .option('-t, --trust <file>', 'whom to believe: a trust file (`writ keys export --trust`)')
    .option('-k, --key <key>', 'or one public key, hex or base64; then only attestations can be verified')
    .option('--origin <name>', 'with --key: the ledger that it signs for')
    .addOption(
      new Option('--require <profile>', 'the least that a bundle must show; `decided` when absent').choices([
        'recorded',
        'decided',
        'reevaluated',
      ]),
    )
    .option('--max-age <duration>', 'how old the cosignatures of the checkpoint may be')
    .option(
      '--policy-max-lag <duration>',
      'for how long a superseded policy may have gone on deciding; 10s when absent',
    )
    .option('--tiles <mirror>', 'a copy of the log: shows that a bundle leaves no event out')
    .option('--entry <file>', 'for a tlog-proof that does not carry its entry')
    .option('--store <path>', 'every event of this store instead of files; it may be in use')
    .addHelpText(
      'after',
      '\nExit codes: 0 verified, 1 not verified, 2 the input cannot be used.\n' +
        'Bundles are `recorded`, `decided` or `reevaluated`, proofs `included`. Receipts and stores are `signed`: that an\n' +
        'event is also recorded, in its place, a bundle shows, and `writ fsck` for the whole store.',
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

async function verifyFiles(shell: Shell, files: readonly string[], flags: Flags): Promise<Answer> {
  const read = await Promise.all(
    files.map(async (place): Promise<ReadFile> => ({ place, text: await readText(shell.world, place) })),
  );
  const evidence = read.filter(({ text }) => evidenceKindOf(text) !== undefined);
  if (evidence.length === 0) return verifyDocuments(shell, read, flags);
  if (evidence.length < read.length) {
    throw new UsageError('bundles and proofs are verified in a run of their own, apart from receipts');
  }
  return verifyEvidence(shell, evidence, flags);
}

async function verifyEvidence({ world }: Shell, files: readonly ReadFile[], flags: Flags): Promise<Answer> {
  if (flags.trust === undefined) {
    throw new UsageError('bundles and proofs are verified with a trust file', {
      advice: '`--trust <file>`; `writ keys export --trust` prints one',
    });
  }
  const verifier = evidenceVerifier(world, await readTrustFile(world, flags.trust), flags);
  const verified: VerifiedFile[] = [];
  for (const { place, text } of files) {
    const report = evidenceKindOf(text) === 'bundle' ? verifier.bundle(text) : await verifier.proof(text);
    verified.push({ place, report });
  }
  const [first, ...others] = verified;
  return {
    exit: verified.every(({ report }) => report.accepted) ? 'OK' : 'NO',
    json: first !== undefined && others.length === 0 ? first.report : verified,
    text: (style) => verified.map(({ place, report }) => reportText(place, report, style)).join('\n\n'),
  };
}

async function verifyDocuments({ world }: Shell, files: readonly ReadFile[], flags: Flags): Promise<Answer> {
  const trust = await readTrust(world, flags);
  const verifier = createVerifier(trust.keys, { origin: trust.origin });
  const documents = files.flatMap(({ place, text }) => documentsIn(text, place));
  const progress = progressOn(world.stderr, 'verify', documents.length, world.nowMs);
  const findings = documents.flatMap(({ place, value }, at) => {
    const found = verifyDocument(value, place, { verifier, trust });
    if (found.length === 0) {
      throw new UsageError(`\`${place}\` holds nothing that is signed`, {
        advice: 'bundles, receipts, attestations, executions with their events, answers of --json',
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
    text: (style) => documentsText(report, style),
  };
}

function documentsText(report: VerificationReport, style: Style): string {
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
  const trust = await readTrust(world, flags);
  const progress = progressOn(world.stderr, 'verify', 0, world.nowMs);
  const result = await verifyStore(settingsOf(world, { store }).store, trust, (events) => progress.to(events));
  const verified = result.signed === result.events && result.events > 0;
  return {
    exit: verified ? 'OK' : 'NO',
    json: { verdict: verified ? 'verified' : 'not_verified', standing: 'signed', origin: trust.origin, ...result },
    text: (style) => storeText(result, verified, style),
  };
}

function storeText(
  { events, signed, types, faults, unprotected = [] }: StoreVerification,
  verified: boolean,
  style: Style,
): string {
  const head = verified
    ? `${style.good('signed')}: all ${events} events`
    : `${style.bad('NOT VERIFIED')}: ${events - signed} of ${events} events are not signed as they stand`;
  const rows = Object.entries(types)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, count]) => [type, String(count)]);
  const listed = faults.map(({ stream, revision, code }) => `  ${printable(stream)} revision ${revision}: ${code}`);
  const besides = unprotected.map((reason) => `${style.bad('unprotected')}: ${printable(reason)}`);
  return [head, ...listed, table(style, ['type', 'signed'], rows), ...besides].join('\n');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
