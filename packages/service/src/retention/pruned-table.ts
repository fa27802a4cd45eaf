import { type Kysely, type RawBuilder, sql } from "kysely";

/** The age in days above which a row is removed, or `never` for rows that are kept. */
export type RetentionDays = number | "never";

/** A table whose old rows are removed. Its names are those of the database. */
export interface PrunedTable {
  readonly table: string;
  /** The columns of its primary key. */
  readonly key: readonly string[];
  /** The column with the time from which on the age of a row counts. An index on it keeps pruning cheap. */
  readonly since: string;
  readonly retentionDays: RetentionDays;
  /** Selects the rows that are in use. They stay, whatever their age. */
  readonly inUse?: RawBuilder<boolean>;
}

/** Options of `pruneTable`. */
export interface PruneBounds {
  /** The number of rows that one statement removes. Default: 1,000. */
  readonly batchSize?: number;
  /** Ends the pruning after the statement that is running. */
  readonly signal?: AbortSignal;
}

/**
 * Removes the rows that are older than the retention by the database's clock, batch by batch, and returns their
 * number. While another process removes rows of the table, it removes none and returns.
 *
 * @example
 * const notes = { table: "notes", key: ["id"], since: "written_at", retentionDays: 30 } as const;
 * const removed = await pruneTable(db, notes);
 */
export async function pruneTable<DB>(
  db: Kysely<DB>,
  { table, key, since, retentionDays, inUse }: PrunedTable,
  { batchSize = 1_000, signal }: PruneBounds = {},
): Promise<number> {
  if (retentionDays === "never") return 0;
  const name = sql.table(table);
  const columns = sql.join(key.map((column) => sql.ref(`${table}.${column}`)));
  const old = sql.join(key.map((column) => sql.ref(`old.${column}`)));
  // The lock ends with the statement. Not `in (select …)`: a nested loop runs that select again and removes
  // more than the batch.
  const statement = sql`
    with lock as materialized (
      select pg_try_advisory_xact_lock(hashtext('prune'), ${table}::regclass::oid::int4) as held
    ), old as materialized (
      select ${columns} from ${name}
      where (select held from lock) and ${selectOld(since, retentionDays)} and ${selectUnused(inUse)}
      order by ${sql.ref(since)} limit ${batchSize}
      for update of ${name} skip locked
    )
    delete from ${name} using old where (${columns}) = (${old})`;
  for (let removed = 0; ; ) {
    const { numAffectedRows = 0n } = await statement.execute(db);
    removed += Number(numAffectedRows);
    if (Number(numAffectedRows) < batchSize || signal?.aborted === true) return removed;
  }
}

/** Returns the age of the oldest row that is not in use, in milliseconds; 0 for none. */
export async function readOldestMs<DB>(
  db: Kysely<DB>,
  { table, since, inUse }: PrunedTable,
): Promise<number> {
  const { rows } = await sql<{ ms: number }>`
    select (extract(epoch from now() - ${sql.ref(since)}) * 1000)::float8 as ms from ${sql.table(table)}
    where ${selectUnused(inUse)} order by ${sql.ref(since)} limit 1`.execute(db);
  return Math.max(0, rows[0]?.ms ?? 0);
}

function selectOld(since: string, days: number): RawBuilder<boolean> {
  return sql`${sql.ref(since)} < now() - make_interval(secs => ${days * 86_400})`;
}

function selectUnused(inUse: RawBuilder<boolean> | undefined): RawBuilder<boolean> {
  // `is not true`: a condition that is unknown does not keep a row.
  return inUse === undefined ? sql`true` : sql`(${inUse}) is not true`;
}
