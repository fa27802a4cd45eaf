import { Code, ConnectError } from "@connectrpc/connect";
import type { UpdateProfileRequest } from "@fanfare/contracts/riders/v1/riders";
import type { Kysely, Transaction, Updateable } from "kysely";
import { consentNames } from "./profile-message.ts";
import { readLocale, readTimeZone } from "./region.ts";
import type { ConsentName, ProfileRecord, RiderRow, RidersTables } from "./tables.ts";

/** Returns a rider's profile; undefined when nothing is stored of them, or they were erased. */
export async function findProfile(
  db: Kysely<RidersTables>,
  riderId: string,
): Promise<ProfileRecord | undefined> {
  const rider = await db
    .selectFrom("riders")
    .selectAll()
    .where("rider_id", "=", riderId)
    .where("erased_at", "is", null)
    .executeTakeFirst();
  if (rider === undefined) return undefined;
  const consents = await db
    .selectFrom("rider_consents")
    .select(["consent", "given_at"])
    .where("rider_id", "=", riderId)
    .orderBy("consent")
    .execute();
  return { rider, consents };
}

/** Returns the profile of a rider of whom nothing is stored. */
export function createEmptyProfile(riderId: string): ProfileRecord {
  const rider = {
    rider_id: riderId,
    display_name: "",
    email: "",
    locale: "en",
    time_zone: "UTC",
  };
  return { rider, consents: [] };
}

/**
 * Creates the row of a rider unless it exists, and locks it: transactions of the same rider run one after the
 * other. Throws failed_precondition when the rider was erased.
 */
export async function lockRider(tx: Transaction<RidersTables>, riderId: string): Promise<RiderRow> {
  const row = await createRow(tx, riderId);
  if (row.erased_at !== null) throw createErasedError();
  return row;
}

/** Does the same for a rider who may be erased. */
export async function createRow(tx: Transaction<RidersTables>, riderId: string): Promise<RiderRow> {
  await tx
    .insertInto("riders")
    .values({ rider_id: riderId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return await tx
    .selectFrom("riders")
    .selectAll()
    .where("rider_id", "=", riderId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** Throws failed_precondition when a rider was erased. */
export async function checkNotErased(db: Kysely<RidersTables>, riderId: string): Promise<void> {
  if (await isErased(db, riderId)) throw createErasedError();
}

/** The ids that trips and billing put in place of an erased rider's. */
const anonymousId = /^erased-[0-9a-f-]{36}$/;

/** Returns whether a rider was erased, also for the id that an app put in place of an erased rider's. */
export async function isErased(db: Kysely<RidersTables>, riderId: string): Promise<boolean> {
  if (anonymousId.test(riderId)) return true;
  const erased = await db
    .selectFrom("riders")
    .select("rider_id")
    .where("rider_id", "=", riderId)
    .where("erased_at", "is not", null)
    .executeTakeFirst();
  return erased !== undefined;
}

function createErasedError(): ConnectError {
  return new ConnectError(
    "the rider was erased: nothing is stored of them any more, and their id is not used again",
    Code.FailedPrecondition,
  );
}

/** Changes the fields of a rider that the request has. Returns whether anything is different. */
export async function updateProfile(
  tx: Transaction<RidersTables>,
  riderId: string,
  request: UpdateProfileRequest,
): Promise<boolean> {
  const changes = readChanges(request);
  const before = await lockRider(tx, riderId);
  const fields = (["display_name", "email", "locale", "time_zone"] as const).filter(
    (field) => changes[field] !== undefined && changes[field] !== before[field],
  );
  if (fields.length > 0) {
    await tx.updateTable("riders").set(changes).where("rider_id", "=", riderId).execute();
  }
  const consents = request.consents?.consents.flatMap((one) => consentNames.get(one) ?? []);
  const agreed = consents !== undefined && (await setConsents(tx, riderId, consents));
  return fields.length > 0 || agreed;
}

type Changes = Pick<
  Updateable<RidersTables["riders"]>,
  "display_name" | "email" | "locale" | "time_zone"
>;

function readChanges({ displayName, email, locale, timeZone }: UpdateProfileRequest): Changes {
  return {
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(email === undefined ? {} : { email }),
    ...(locale === undefined ? {} : { locale: readLocale(locale) }),
    ...(timeZone === undefined ? {} : { time_zone: readTimeZone(timeZone) }),
  };
}

/** Records these consents and no others. Those that were given before keep their time. */
async function setConsents(
  tx: Transaction<RidersTables>,
  riderId: string,
  consents: readonly ConsentName[],
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("rider_consents")
    .where("rider_id", "=", riderId)
    .$if(consents.length > 0, (query) => query.where("consent", "not in", consents))
    .executeTakeFirst();
  if (consents.length === 0) return numDeletedRows > 0n;
  const { numInsertedOrUpdatedRows = 0n } = await tx
    .insertInto("rider_consents")
    .values(consents.map((consent) => ({ rider_id: riderId, consent })))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numDeletedRows + numInsertedOrUpdatedRows > 0n;
}
