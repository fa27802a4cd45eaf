import { type Kysely, sql } from "kysely";
import type { RidersTables } from "../tables.ts";
import type { ErasureAppRow, ErasureRow } from "./erasure-tables.ts";

/** Who erases which rider, and why. */
export interface ErasureRequest {
  readonly riderId: string;
  readonly operator: string;
  readonly reason: string;
}

/** An erasure with its state in each app, in the order of their names. */
export interface ErasureRecord {
  readonly erasure: ErasureRow;
  readonly apps: readonly ErasureAppRow[];
}

/** Records an erasure, unless there is one that was not refused. Returns the one that there is. */
export async function recordErasure(
  db: Kysely<RidersTables>,
  { riderId, operator, reason }: ErasureRequest,
): Promise<ErasureRow> {
  await db
    .insertInto("erasures")
    .values({ rider_id: riderId, operator, reason, due_at: inMs(callMs) })
    .onConflict((conflict) =>
      conflict
        .column("rider_id")
        .doUpdateSet({ operator, reason, refusal: null, requested_at: sql`now()` })
        .where("erasures.refusal", "is not", null),
    )
    .execute();
  return await db
    .selectFrom("erasures")
    .selectAll()
    .where("rider_id", "=", riderId)
    .executeTakeFirstOrThrow();
}

/** The time in milliseconds that EraseRider has to begin an erasure before the loop does. */
const callMs = 15_000;

/** Removes an erasure that has not begun. */
export async function removeErasure(db: Kysely<RidersTables>, riderId: string): Promise<void> {
  await db
    .deleteFrom("erasures")
    .where("rider_id", "=", riderId)
    .where("begun_at", "is", null)
    .execute();
}

/** Returns the erasure of a rider; undefined when there is none. */
export async function findErasure(
  db: Kysely<RidersTables>,
  riderId: string,
): Promise<ErasureRecord | undefined> {
  const erasure = await db
    .selectFrom("erasures")
    .selectAll()
    .where("rider_id", "=", riderId)
    .executeTakeFirst();
  if (erasure === undefined) return undefined;
  const apps = await db
    .selectFrom("erasure_apps")
    .selectAll()
    .where("rider_id", "=", riderId)
    .orderBy("app")
    .execute();
  return { erasure, apps };
}

/** Claims an erasure that is due; no other process claims it for `leaseMs`. Undefined when none is due. */
export async function claimErasure(
  db: Kysely<RidersTables>,
  leaseMs: number,
): Promise<ErasureRow | undefined> {
  return await db
    .with(
      (cte) => cte("due").materialized(),
      (query) =>
        query
          .selectFrom("erasures")
          .select("rider_id")
          .where("completed_at", "is", null)
          .where("refusal", "is", null)
          .where("due_at", "<=", inMs(0))
          .orderBy("due_at")
          .limit(1)
          .forUpdate()
          .skipLocked(),
    )
    .updateTable("erasures")
    .from("due")
    .whereRef("erasures.rider_id", "=", "due.rider_id")
    .set({ due_at: inMs(leaseMs) })
    .returningAll("erasures")
    .executeTakeFirst();
}

/** Makes an erasure due in `delayMs`. */
export async function scheduleErasure(
  db: Kysely<RidersTables>,
  riderId: string,
  next: { readonly delayMs: number; readonly failures: number },
): Promise<void> {
  await db
    .updateTable("erasures")
    .set({ due_at: inMs(next.delayMs), failures: next.failures })
    .where("rider_id", "=", riderId)
    .execute();
}

/** Records why trips refused an erasure that has not begun. */
export async function refuseErasure(
  db: Kysely<RidersTables>,
  riderId: string,
  refusal: string,
): Promise<void> {
  await db
    .updateTable("erasures")
    .set({ refusal })
    .where("rider_id", "=", riderId)
    .where("begun_at", "is", null)
    .execute();
}

/** Records what an app answered. */
export async function recordAnswer(
  db: Kysely<RidersTables>,
  { riderId, app }: { readonly riderId: string; readonly app: string },
  answer: { readonly kept: string[] } | { readonly error: string },
): Promise<void> {
  const changes =
    "kept" in answer
      ? { confirmed_at: sql<Date>`now()`, kept: answer.kept, last_error: "" }
      : { last_error: answer.error };
  await db
    .updateTable("erasure_apps")
    .set(changes)
    .where("rider_id", "=", riderId)
    .where("app", "=", app)
    .execute();
}

/** Completes an erasure once every app has confirmed. */
export async function completeErasure(db: Kysely<RidersTables>, riderId: string): Promise<void> {
  await db
    .updateTable("erasures")
    .set({ completed_at: sql<Date>`now()` })
    .where("rider_id", "=", riderId)
    .where("begun_at", "is not", null)
    .where("completed_at", "is", null)
    .where(sql<boolean>`not exists (
      select from erasure_apps
      where erasure_apps.rider_id = erasures.rider_id and confirmed_at is null)`)
    .execute();
}

function inMs(ms: number) {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`;
}
