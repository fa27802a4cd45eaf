import { create, type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { StateSchema } from "@fanfare/contracts/operators/v1/operators";
import type { Kysely } from "kysely";
import type { OperatorAction, OperatorLogRow, TripsDatabase } from "../registry/tables.ts";

/** A decision of an operator, before it is stored. */
export interface NewLogEntry {
  /** Identifies repeated calls. */
  readonly entryId: string;
  /** The subject of the operator's token. */
  readonly operator: string;
  readonly action: OperatorAction;
  /** The id of a trip, or the name of a consumer group. */
  readonly subject: string;
  /** The steps of a trip, or the dead letters. */
  readonly details: string;
  /** Why, in the words of the operator. */
  readonly reason: string;
}

/** The states before and after a decision. */
export interface EntryStates {
  readonly before?: EntryState | undefined;
  readonly after?: EntryState | undefined;
}

/** What the message State takes. */
export type EntryState = MessageInitShape<typeof StateSchema>;

/**
 * Appends an entry, within the transaction of the decision if `db` is one. Returns the stored entry, which
 * is the first one when the log has it. Throws already_exists when its id belongs to another entry.
 */
export async function appendEntry(
  db: Kysely<TripsDatabase>,
  entry: NewLogEntry & EntryStates,
): Promise<OperatorLogRow> {
  const { entryId, operator, action, subject, details, reason } = entry;
  const inserted = await db
    .insertInto("operator_log")
    .values({
      entry_id: entryId,
      operator,
      action,
      subject,
      details,
      reason,
      before: toStoredState(entry.before),
      after: toStoredState(entry.after),
    })
    .onConflict((conflict) => conflict.column("entry_id").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted !== undefined) return inserted;
  const known = await findEntry(db, entry);
  if (known === undefined) {
    throw new ConnectError(`the entry ${entryId} was rolled back: call again`, Code.Aborted);
  }
  return known;
}

function toStoredState(state: EntryState | undefined): string | null {
  return state === undefined ? null : toJsonString(StateSchema, create(StateSchema, state));
}

/** Converts a stored entry to the decision. */
export function toNewLogEntry(row: OperatorLogRow): NewLogEntry {
  const { entry_id: entryId, operator, action, subject, details, reason } = row;
  return { entryId, operator, action, subject, details, reason };
}

/** The part of an entry that a repeated call has in common with the first. */
export type EntryKey = Pick<NewLogEntry, "entryId" | "operator" | "action" | "subject" | "reason">;

/**
 * Returns the entry that an earlier call with this key appended. Throws already_exists when its id belongs
 * to another entry.
 */
export async function findEntry(
  db: Kysely<TripsDatabase>,
  { entryId, operator, action, subject, reason }: EntryKey,
): Promise<OperatorLogRow | undefined> {
  const found = await db
    .selectFrom("operator_log")
    .selectAll()
    .where("entry_id", "=", entryId)
    .executeTakeFirst();
  if (found === undefined) return undefined;
  const isSame =
    found.operator === operator &&
    found.action === action &&
    found.subject === subject &&
    found.reason === reason;
  if (isSame) return found;
  throw createEntryIdTakenError(entryId);
}

/** Creates the already_exists error for the id of another entry. */
export function createEntryIdTakenError(entryId: string): ConnectError {
  return new ConnectError(
    `the id ${entryId} belongs to another decision: choose a new id for a new decision, and repeat a call with the same contents`,
    Code.AlreadyExists,
  );
}

/** Returns entries before a position, the newest first. */
export async function listEntries(
  db: Kysely<TripsDatabase>,
  page: {
    readonly subject?: string | undefined;
    readonly after: string | undefined;
    readonly limit: number;
  },
): Promise<OperatorLogRow[]> {
  let query = db.selectFrom("operator_log").selectAll();
  if (page.subject !== undefined) query = query.where("subject", "=", page.subject);
  if (page.after !== undefined) query = query.where("position", "<", page.after);
  return await query.orderBy("position", "desc").limit(page.limit).execute();
}
