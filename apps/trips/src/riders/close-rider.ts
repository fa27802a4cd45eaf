import { Code, ConnectError } from "@connectrpc/connect";
import type { CloseRiderRequest } from "@fanfare/contracts/trips/v1/trip_riders";
import { type Kysely, sql, type Transaction } from "kysely";
import { appendEntry } from "../operators/operator-log.ts";
import { openTrips } from "../registry/migrations.ts";
import type { TripsDatabase } from "../registry/tables.ts";

/** What closes a rider. */
type Closing = Pick<CloseRiderRequest, "riderId" | "operator" | "reason" | "mustHaveTrips">;

/**
 * Refuses trips of a rider from now on, and appends the decision to the operator log, in one transaction. A
 * rider who is closed stays so. Throws failed_precondition while a trip of the rider is open, and not_found
 * when the rider has to have had a trip and had none. Nothing is stored then.
 */
export async function closeRider(db: Kysely<TripsDatabase>, closing: Closing): Promise<void> {
  const { riderId, operator, reason } = closing;
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${hashRider(riderId)})`.execute(tx);
    if (await isClosed(tx, riderId)) return;
    await checkTrips(tx, closing);
    await tx.insertInto("closed_riders").values({ rider_id: riderId }).execute();
    const decision = { operator, action: "ERASE_RIDER", subject: riderId, details: "" } as const;
    await appendEntry(tx, { ...decision, entryId: `erase-rider/${riderId}`, reason });
  });
}

/**
 * Keeps a rider from being closed until the transaction ends. Throws failed_precondition when the rider is
 * closed.
 */
export async function keepOpen(tx: Transaction<TripsDatabase>, riderId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${hashRider(riderId)})`.execute(tx);
  if (!(await isClosed(tx, riderId))) return;
  throw new ConnectError(
    "the rider was erased, or is being erased: they cannot start a trip",
    Code.FailedPrecondition,
  );
}

/** Returns whether a rider is closed. */
export async function isClosed(db: Kysely<TripsDatabase>, riderId: string): Promise<boolean> {
  const closed = await db
    .selectFrom("closed_riders")
    .select("rider_id")
    .where("rider_id", "=", riderId)
    .executeTakeFirst();
  return closed !== undefined;
}

async function checkTrips(
  tx: Transaction<TripsDatabase>,
  { riderId, mustHaveTrips }: Closing,
): Promise<void> {
  const ofRider = tx.selectFrom("trips").where("rider_id", "=", riderId);
  const open = await ofRider
    .select(["trip_id", "status"])
    .where(sql<boolean>`(status = 'REQUESTED' or ${openTrips})`)
    .executeTakeFirst();
  if (open !== undefined) {
    const state = open.status === "SETTLED" ? "SETTLED, with steps that are not done" : open.status;
    throw new ConnectError(
      `trip ${open.trip_id} of the rider is ${state}: wait until it is over, or end or cancel it, and erase the rider then`,
      Code.FailedPrecondition,
    );
  }
  if (!mustHaveTrips) return;
  if ((await ofRider.select("trip_id").limit(1).executeTakeFirst()) !== undefined) return;
  throw new ConnectError(`there is no rider ${riderId}: check the id`, Code.NotFound);
}

function hashRider(riderId: string) {
  return sql`hashtextextended(${riderId}, 0)`;
}
