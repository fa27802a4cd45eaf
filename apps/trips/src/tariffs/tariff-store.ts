import { Code, ConnectError } from "@connectrpc/connect";
import type { Tariff } from "@fanfare/trip-contract";
import type { Kysely, Selectable, Transaction } from "kysely";
import { appendEntry, findEntry, type NewLogEntry } from "../operators/operator-log.ts";
import type { TariffTable, TripsDatabase } from "../registry/tables.ts";

/** A tariff with its place in the list, which grows with each new one. */
export type TariffRow = Selectable<TariffTable>;

/** A decision of an operator on the tariff in force. */
export interface TariffDecision {
  readonly tariffId: string;
  /** The new tariff. Absent for one that exists. */
  readonly tariff: Tariff | undefined;
  readonly entry: Pick<NewLogEntry, "entryId" | "operator" | "reason">;
}

/** Returns the tariff in force. */
export async function readTariffInForce(db: Kysely<TripsDatabase>): Promise<Tariff> {
  const row = await db
    .selectFrom("tariff_in_force")
    .innerJoin("tariffs", "tariffs.id", "tariff_in_force.tariff_id")
    .selectAll("tariffs")
    .executeTakeFirstOrThrow();
  return toTariff(row);
}

/** Returns tariffs before a position, the newest first. */
export async function listTariffs(
  db: Kysely<TripsDatabase>,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<TariffRow[]> {
  let query = db.selectFrom("tariffs").selectAll();
  if (after !== undefined) query = query.where("position", "<", after);
  return await query.orderBy("position", "desc").limit(limit).execute();
}

/**
 * Puts a tariff in force, adds it when it is new, and appends the decision to the operator log in the same
 * transaction. Changes nothing when the tariff is in force already, or the log has the decision. Throws
 * not_found for a tariff without terms that does not exist, and already_exists for one with other terms.
 */
export async function setTariff(
  db: Kysely<TripsDatabase>,
  { tariffId, tariff, entry }: TariffDecision,
): Promise<Tariff> {
  return await db.transaction().execute(async (tx) => {
    const { tariff_id: replaced } = await tx
      .selectFrom("tariff_in_force")
      .select("tariff_id")
      .forUpdate()
      .executeTakeFirstOrThrow();
    const decided = await addOrFind(tx, tariffId, tariff);
    if (replaced === tariffId) return decided;
    const decision = {
      ...entry,
      action: "SET_TARIFF",
      subject: tariffId,
      details: describeTariff(decided),
    } as const;
    if ((await findEntry(tx, decision)) !== undefined) return decided;
    await appendEntry(tx, {
      ...decision,
      before: { state: { case: "tariff", value: { tariffId: replaced } } },
      after: { state: { case: "tariff", value: { tariffId } } },
    });
    await tx.updateTable("tariff_in_force").set({ tariff_id: tariffId }).execute();
    return decided;
  });
}

async function addOrFind(
  tx: Transaction<TripsDatabase>,
  tariffId: string,
  tariff: Tariff | undefined,
): Promise<Tariff> {
  if (tariff !== undefined) {
    await tx
      .insertInto("tariffs")
      .values({
        id: tariff.id,
        currency: tariff.currency,
        unlock_fee: tariff.unlockFee,
        increment_price: tariff.incrementPrice,
        increment_ms: tariff.incrementMs,
        maximum_drive_ms: tariff.maximumDriveMs,
        grace_ms: tariff.graceMs,
      })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
  }
  const row = await tx
    .selectFrom("tariffs")
    .selectAll()
    .where("id", "=", tariffId)
    .executeTakeFirst();
  if (row === undefined) throw createTariffNotFoundError(tariffId);
  const found = toTariff(row);
  if (tariff !== undefined && describeTariff(found) !== describeTariff(tariff)) {
    throw new ConnectError(
      `the tariff ${tariffId} exists with other terms (${describeTariff(found)}): choose a new id, because a tariff never changes`,
      Code.AlreadyExists,
    );
  }
  return found;
}

function createTariffNotFoundError(tariffId: string): ConnectError {
  return new ConnectError(
    `there is no tariff ${tariffId}: choose one of ListTariffs, or send the terms of a new one`,
    Code.NotFound,
  );
}

/** Converts a row to a tariff. */
export function toTariff(row: TariffRow): Tariff {
  return {
    id: row.id,
    currency: row.currency,
    unlockFee: Number(row.unlock_fee),
    incrementPrice: Number(row.increment_price),
    incrementMs: Number(row.increment_ms),
    maximumDriveMs: Number(row.maximum_drive_ms),
    graceMs: Number(row.grace_ms),
  };
}

/** Describes the terms of a tariff in the operator log. Equal terms have equal descriptions. */
function describeTariff(tariff: Tariff): string {
  const { currency, unlockFee, incrementPrice, incrementMs, maximumDriveMs, graceMs } = tariff;
  return `${unlockFee} ${currency} to unlock, ${incrementPrice} ${currency} for each ${incrementMs} ms of at most ${maximumDriveMs} ms, ${graceMs} ms of grace`;
}
