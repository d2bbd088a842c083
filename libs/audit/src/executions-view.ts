import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import { parseExecutionId, parseTenant } from '@writ/encoding';
import type {
  DecisionView,
  ExecutionRow,
  ExecutionStateName,
  ExecutionSummary,
  ListExecutionsAnswer,
  ListExecutionsRequest,
  ReservationView,
} from '@writ/operations';
import { formatCursor, parseCursor } from './cursor.js';
import type { ViewDefinition } from './view-file.js';

/** Version of this view's tables. Another number on file: the file is thrown away and projected again. */
const EXECUTIONS_VIEW_VERSION = 2;

const DEFAULT_PAGE_SIZE = 100;

const TABLES = `
  CREATE TABLE executions (
    tenant TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    state TEXT NOT NULL,
    action TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    decision TEXT NOT NULL,
    reservation TEXT,
    evaluations INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    ends_at_ms INTEGER,
    lapses_at_ms INTEGER,
    PRIMARY KEY (tenant, execution_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX executions_by_update ON executions (tenant, updated_at_ms DESC, execution_id DESC);
  CREATE INDEX executions_by_end ON executions (ends_at_ms) WHERE ends_at_ms IS NOT NULL;
`;

interface StoredRow {
  readonly tenant: string;
  readonly execution_id: string;
  readonly state: ExecutionRow['state'];
  readonly action: string;
  readonly policy_id: string;
  readonly decision: string;
  readonly reservation: string | null;
  readonly evaluations: number;
  readonly attempts: number;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly revision: number;
  readonly blocked: number;
  readonly ends_at_ms: number | null;
  readonly lapses_at_ms: number | null;
}

/** One row per execution: how it stands after the last event that was applied. */
export class ExecutionsView {
  readonly #db: DatabaseSyncInstance;
  readonly #upsert: StatementSyncInstance;
  readonly #due: StatementSyncInstance;

  /** Creates the tables; for a fresh file, inside the caller's transaction. */
  static createTables(db: DatabaseSyncInstance): void {
    db.exec(TABLES);
  }

  constructor(db: DatabaseSyncInstance) {
    this.#db = db;
    // An older row never replaces a newer one: a redelivered event changes nothing.
    this.#upsert = db.prepare(`
      INSERT INTO executions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (tenant, execution_id) DO UPDATE SET
        state = excluded.state, decision = excluded.decision, reservation = excluded.reservation,
        evaluations = excluded.evaluations, attempts = excluded.attempts, updated_at_ms = excluded.updated_at_ms,
        revision = excluded.revision, blocked = excluded.blocked, ends_at_ms = excluded.ends_at_ms,
        lapses_at_ms = excluded.lapses_at_ms
      WHERE excluded.revision > executions.revision`);
    this.#due = db.prepare(`
      SELECT tenant, execution_id FROM executions
      WHERE ends_at_ms IS NOT NULL AND ends_at_ms <= ? ORDER BY ends_at_ms LIMIT ?`);
  }

  put(columns: RowColumns): void {
    this.#upsert.run(...columns);
  }

  /** Newest change first. What is over is listed as `lapsed` before an event says so. */
  list(request: ListExecutionsRequest, nowMs: number): ListExecutionsAnswer {
    const pageSize = request.pageSize ?? DEFAULT_PAGE_SIZE;
    const { where, values } = conditions(request, nowMs);
    const rows = this.#db
      .prepare(
        `SELECT * FROM executions WHERE ${where.join(' AND ')} ORDER BY updated_at_ms DESC, execution_id DESC LIMIT ?`,
      )
      .all(...values, pageSize + 1) as unknown as StoredRow[];
    const page = rows.slice(0, pageSize);
    const last = page.at(-1);
    const executions = page.map((row) => toSummary(row, nowMs));
    if (rows.length <= pageSize || last === undefined) return { executions };
    return {
      executions,
      nextPageToken: formatCursor({ updatedAtMs: last.updated_at_ms, executionId: last.execution_id }),
    };
  }

  due(endedByMs: number, limit: number): readonly { tenant: string; executionId: string }[] {
    const rows = this.#due.all(endedByMs, limit) as unknown as Pick<StoredRow, 'tenant' | 'execution_id'>[];
    return rows.map((row) => ({ tenant: row.tenant, executionId: row.execution_id }));
  }
}

/** A row as the table has it, in the order of its columns; plain values, so that it crosses between threads cheaply. */
export type RowColumns = readonly (string | number | bigint | null)[];

export function columnsOf(row: ExecutionRow): RowColumns {
  return [
    row.tenant,
    row.executionId,
    row.state,
    row.action,
    row.policyId,
    JSON.stringify(row.decision),
    row.reservation === undefined ? null : JSON.stringify(row.reservation),
    row.evaluations,
    row.attempts,
    row.createdAtMs,
    row.updatedAtMs,
    row.revision,
    row.blocked ? 1 : 0,
    row.endsAtMs,
    row.lapsesAtMs,
  ];
}

function conditions(request: ListExecutionsRequest, nowMs: number): { where: string[]; values: (string | number)[] } {
  const where = ['tenant = ?'];
  const values: (string | number)[] = [request.tenant];
  if (request.states !== undefined && request.states.length > 0) {
    const perState = request.states.map((state) => stateCondition(state, nowMs));
    where.push(`(${perState.map((condition) => condition.where).join(' OR ')})`);
    values.push(...perState.flatMap((condition) => condition.values));
  }
  if (request.updatedFromMs !== undefined) {
    where.push('updated_at_ms >= ?');
    values.push(request.updatedFromMs);
  }
  if (request.updatedToMs !== undefined) {
    where.push('updated_at_ms < ?');
    values.push(request.updatedToMs);
  }
  if (request.pageToken !== undefined) {
    const after = parseCursor(request.pageToken);
    where.push('(updated_at_ms, execution_id) < (?, ?)');
    values.push(after.updatedAtMs, after.executionId);
  }
  return { where, values };
}

function stateCondition(state: ExecutionStateName, nowMs: number): { where: string; values: (string | number)[] } {
  if (state === 'lapsed') return { where: 'lapses_at_ms <= ?', values: [nowMs] };
  return { where: '(state = ? AND (lapses_at_ms IS NULL OR lapses_at_ms > ?))', values: [state, nowMs] };
}

function toSummary(row: StoredRow, nowMs: number): ExecutionSummary {
  const lapsed = row.lapses_at_ms !== null && row.lapses_at_ms <= nowMs;
  return {
    tenant: parseTenant(row.tenant),
    executionId: parseExecutionId(row.execution_id),
    state: lapsed ? 'lapsed' : row.state,
    action: row.action,
    policyId: row.policy_id,
    decision: JSON.parse(row.decision) as DecisionView,
    ...(row.reservation === null ? {} : { reservation: JSON.parse(row.reservation) as ReservationView }),
    evaluations: row.evaluations,
    attempts: row.attempts,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    revision: BigInt(row.revision),
    blocked: row.blocked !== 0,
  };
}

export const EXECUTIONS_VIEW: ViewDefinition<ExecutionsView> = {
  name: 'executions',
  version: EXECUTIONS_VIEW_VERSION,
  createTables: (db) => {
    ExecutionsView.createTables(db);
  },
  open: (db) => new ExecutionsView(db),
};
