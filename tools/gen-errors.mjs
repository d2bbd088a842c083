/**
 * docs/spec/errors.md from the table in libs/errors. An edge that maps codes adds a column: it is listed in `EDGES`
 * with the function that its module exports.
 */
import { existsSync } from 'node:fs';
import { ERROR_CODES } from '../libs/errors/dist/index.js';

/** Column title, built module (relative to this file), and the exported function from code to the value shown. */
const EDGES = [
  { title: 'gRPC status', module: '../apps/ledger/dist/errors/grpc-status.js', name: 'grpcStatusOf' },
  { title: 'HTTP status', module: '../apps/ledger/dist/errors/http-status.js', name: 'httpStatusOf' },
  { title: 'Exit code', module: '../apps/cli/dist/exit-code.js', name: 'exitCodeOf' },
];

const KINDS = {
  Rejected: 'Mend the request. Nothing was recorded unless the meaning says so.',
  Conflict: 'Somebody else was first. Look at the details; repeating the same call changes nothing.',
  Unavailable: 'Retry with the same ids. `mayHaveHappened` in the details says that the effect is not known.',
  Integrity: 'Stop and look: something is there that must never be. The details carry the evidence.',
};

async function edgeColumns() {
  const columns = [];
  for (const { title, module, name } of EDGES) {
    const url = new URL(module, import.meta.url);
    if (existsSync(url)) columns.push({ title, valueOf: (await import(url.href))[name] });
  }
  return columns;
}

function section(kind, columns) {
  const rows = Object.entries(ERROR_CODES).filter(([, row]) => row.kind === kind);
  const heads = ['Code', 'Meaning', ...columns.map((column) => column.title)];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const body = rows.map(([code, { meaning }]) =>
    line([`\`${code}\``, meaning.replaceAll('|', '\\|'), ...columns.map((column) => `${column.valueOf(code)}`)]),
  );
  return [`## ${kind}`, '', KINDS[kind], '', line(heads), line(heads.map(() => '---')), ...body, ''].join('\n');
}

export async function generate() {
  const columns = await edgeColumns();
  const head = [
    '# Error codes',
    '',
    'Generated from `libs/errors/src/codes.ts` by `npm run gen`; edit the table there.',
    'A code never changes its meaning or its kind. Callers branch on the code, never on the message.',
    '',
  ].join('\n');
  const sections = Object.keys(KINDS).map((kind) => section(kind, columns));
  return [{ path: 'docs/spec/errors.md', text: [head, ...sections].join('\n') }];
}
