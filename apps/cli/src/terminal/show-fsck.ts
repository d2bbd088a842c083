import type { Finding, LedgerReport } from '@writ/instance';
import { printable, type Style } from './style.js';
import { fields, table } from './table.js';

/** Findings that are shown to people; `--json` has more of them. */
const SHOWN = 20;

/** A report of `writ fsck` for people. */
export function reportText(report: LedgerReport): (style: Style) => string {
  return (style) => {
    const { findings, counts, verdict } = report;
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const head =
      verdict === 'sound'
        ? `${style.good('sound')}: nothing is wrong`
        : `${style.bad('FAULTS')}: ${String(total)} ${total === 1 ? 'finding' : 'findings'}`;
    const rows = findings.slice(0, SHOWN).map((finding) => rowOf(finding));
    const listed = rows.length === 0 ? [] : [table(style, ['what', 'index', 'where', 'code', 'why'], rows)];
    const more = total > SHOWN ? [`and ${String(total - SHOWN)} more`] : [];
    return [head, fields(style, figuresOf(report)), ...listed, ...more].join('\n');
  };
}

function rowOf({ kind, index, stream, revision, path, code, message }: Finding): string[] {
  const where = path ?? (stream === undefined ? '' : `${stream}${revision === undefined ? '' : ` @ ${revision}`}`);
  return [kind, index ?? '', printable(where), code, printable(message)];
}

function figuresOf(report: LedgerReport): [string, string][] {
  const { compared, events, sizeLeaves, root, checkpointSizeLeaves, notYetSequenced, lostByRecovery } = report;
  const { hashTiles, entryBundles, indexRows, checkpointFiles, publishedCheckpoints, mark, seenHead } = compared;
  const more: [string, string][] = [];
  if (!report.complete) more.push(['incomplete', 'the store could not be read to its end']);
  if (report.unprotected !== undefined) more.push(['unprotected', printable(report.unprotected.join('; '))]);
  if (notYetSequenced > 0) more.push(['not yet in the tree', String(notYetSequenced)]);
  if (lostByRecovery > 0) more.push(['lost, as a recovery says', String(lostByRecovery)]);
  return [
    ['origin', report.origin],
    ['events', String(events)],
    ['tree', `${sizeLeaves} leaves, root ${root}`],
    ['checkpoint', checkpointSizeLeaves === '0' ? 'none' : `of ${checkpointSizeLeaves} leaves`],
    [
      'tiles compared',
      `${String(hashTiles)} of hashes, ${String(entryBundles)} of entries; ${String(indexRows)} rows of the index`,
    ],
    ['checkpoints', `${String(publishedCheckpoints)} in the store, ${String(checkpointFiles)} files`],
    ['outside the store', `mark ${mark ? 'compared' : 'not there'}, seen head ${seenHead ? 'compared' : 'not there'}`],
    ...more,
  ];
}
