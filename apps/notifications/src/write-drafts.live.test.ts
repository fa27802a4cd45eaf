import { toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { TripCompletedSchema } from "@fanfare/contracts/trips/v1/trip_events";
import { createLogger } from "@fanfare/service";
import { completedTrip, openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addDraft, leaseDueDrafts } from "./draft-store.ts";
import { migrations } from "./migrations.ts";
import type { Regions } from "./regions.ts";
import { startWriting } from "./start-writing.ts";
import type { NotificationsDatabase } from "./tables.ts";
import { writeDrafts } from "./write-drafts.ts";

const logger = createLogger({ name: "notifications", level: "silent" });
const { signal } = new AbortController();
const german: Regions["find"] = async () => ({ locale: "de", timeZone: "Europe/Berlin" });
const down: Regions["find"] = () => Promise.reject(new ConnectError("away", Code.Unavailable));

describe("writeDrafts()", { timeout: 60_000 }, () => {
  let database: TestDatabase<NotificationsDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "notifications", migrations });
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await database.db.deleteFrom("receipts").execute();
    await database.db.deleteFrom("receipt_drafts").execute();
  });

  const receipts = () => database.db.selectFrom("receipts").orderBy("id").selectAll().execute();
  const drafts = () =>
    database.db
      .selectFrom("receipt_drafts")
      .selectAll()
      .select(sql<number>`extract(epoch from due_at - now())::float8`.as("due_in"))
      .execute();
  const makeDue = () =>
    database.db.updateTable("receipt_drafts").set({ due_at: sql<Date>`now()` }).execute();
  const writeWith = (find: Regions["find"]) =>
    writeDrafts({ db: database.db, regions: { find }, logger, signal });
  async function addTrip(riderId = "rosa"): Promise<string> {
    const trip = completedTrip({ riderId: "" });
    const event = toJsonString(TripCompletedSchema, trip);
    await addDraft(database.db, {
      trip_id: trip.tripId,
      rider_id: riderId,
      refund_id: null,
      event,
    });
    return trip.tripId;
  }

  it("writes a receipt in the language of its rider, once", async () => {
    const tripId = await addTrip();
    expect(await writeWith(german)).toBe(1);
    expect(await writeWith(german)).toBe(0);
    expect(await receipts()).toMatchObject([
      {
        trip_id: tripId,
        rider_id: "rosa",
        subject: "Beleg über Ihre Fahrt: 12,50\u00a0€",
        text: expect.stringContaining("Beginn:   21. November 2026 um 11:00\n"),
        sent_at: null,
      },
    ]);
    expect(await drafts()).toEqual([]);
  });

  it("writes nothing while riders is down, and the receipt in the rider's language once it is back", async () => {
    await addTrip();
    await writeWith(down);
    expect(await receipts()).toEqual([]);
    const [draft] = await drafts();
    expect(draft).toMatchObject({ attempts: 1, last_error: expect.stringContaining("away") });
    expect(draft?.due_in).toBeLessThanOrEqual(1);
    await makeDue();
    await writeWith(german);
    expect(await receipts()).toMatchObject([{ subject: expect.stringContaining("Beleg") }]);
  });

  it("writes the receipts of other riders while one has none", async () => {
    await addTrip("lost");
    await addTrip("rosa");
    await writeWith((riderId, options) => (riderId === "lost" ? down : german)(riderId, options));
    expect(await receipts()).toMatchObject([{ rider_id: "rosa" }]);
    expect(await drafts()).toMatchObject([{ rider_id: "lost" }]);
  });

  it("writes no receipt of a rider who was erased", async () => {
    await addTrip();
    await writeWith(async () => undefined);
    expect(await receipts()).toEqual([]);
    expect(await drafts()).toEqual([]);
  });

  it("writes a draft once that two processes have, as the lease of one has ended", async () => {
    await addTrip();
    const { promise: otherHasIt, resolve: tellOther } = Promise.withResolvers<void>();
    let writeAgain: Promise<number> | undefined;
    await writeWith(async (...call) => {
      await makeDue();
      writeAgain = writeWith(async (...again) => {
        tellOther();
        return await german(...again);
      });
      await otherHasIt;
      return await german(...call);
    });
    expect(await writeAgain).toBe(1);
    expect(await receipts()).toHaveLength(1);
  });

  it("leases a draft to only one of two processes", async () => {
    const tripIds = [await addTrip(), await addTrip(), await addTrip()];
    const leases = await Promise.all(
      [1, 2].map(() => leaseDueDrafts(database.db, { limit: 2, leaseDurationMs: 60_000 })),
    );
    const leased = leases.flat().map((draft) => draft.trip_id);
    expect(leased.toSorted()).toEqual(tripIds.toSorted());
  });

  it("keeps writing after startWriting() until it is closed", async () => {
    const writing = startWriting({ db: database.db, regions: { find: german }, logger });
    await addTrip();
    await expect.poll(async () => (await receipts()).length, { timeout: 20_000 }).toBe(1);
    await writing.close();
    await addTrip();
    expect(await writeWith(german)).toBe(1);
  });
});
