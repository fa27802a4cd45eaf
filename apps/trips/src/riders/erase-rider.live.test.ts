import { Code, createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { TripRidersService } from "@fanfare/contracts/trips/v1/trip_riders";
import type { Caller } from "@fanfare/service";
import { catchRefusal } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import type { RefundRow } from "../registry/tables.ts";
import type { TripHistories } from "../temporal/trip-histories.ts";
import { createRiderDataRoutes } from "./rider-data-routes.ts";

const service: Caller = { role: "service", subject: "riders" };

type RefundState = RefundRow["state"];

const newRider = () => `rider-${crypto.randomUUID()}`;
const createRequest = () => ({
  tripId: crypto.randomUUID(),
  vehicleId: "vehicle-1",
  paymentMethod: "method-of-the-rider",
});

describe("the erasure of a rider's trips", { timeout: 60_000 }, () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi();
  }, 60_000);
  afterAll(() => api?.[Symbol.asyncDispose]());

  const noHistories: TripHistories = { delete: async () => true };
  function connect(histories = noHistories) {
    const transport = createTestTransport(createRiderDataRoutes({ ...api, histories }), service);
    return {
      ...createClient(TripRidersService, transport),
      ...createClient(RiderDataService, transport),
    };
  }
  const close = (riderId: string, mustHaveTrips = false) =>
    connect().closeRider({ riderId, operator: "otto", reason: "request 7", mustHaveTrips });
  /** Starts a trip of a rider and cancels it with words of theirs. */
  async function takeTrip(riderId: string): Promise<string> {
    const request = createRequest();
    await api.rider(riderId).startTrip(request);
    await api.db
      .updateTable("trips")
      .set({
        status: "CANCELLED",
        stop_reason: "I am Rosa",
        reason: "I am Rosa",
        compensation_reason: "I am Rosa",
      })
      .where("trip_id", "=", request.tripId)
      .execute();
    return request.tripId;
  }

  async function addRefund(tripId: string, state: RefundState): Promise<void> {
    await api.db.deleteFrom("trip_refunds").execute();
    await api.db
      .insertInto("trip_refunds")
      .values({
        refund_id: "refund-1",
        trip_id: tripId,
        minor_units: 40,
        currency: "EUR",
        state,
        deliver_at: sql<Date>`now()`,
      })
      .execute();
  }

  async function countRows(text: string): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select (select count(*) from trips where trips::text like ${`%${text}%`})
        + (select count(*) from trip_changes where trip_changes::text like ${`%${text}%`}) as count`.execute(
      api.db,
    );
    return Number(rows[0]?.count);
  }

  it("takes the rider and all texts out of their trips, and keeps the trips", async () => {
    const riderId = newRider();
    const tripId = await takeTrip(riderId);
    await takeTrip(riderId);
    await close(riderId);
    expect(await connect().eraseRiderData({ riderId })).toMatchObject({ done: true });
    for (const text of [riderId, "I am Rosa", "method-of-the-rider"]) {
      expect({ text, rows: await countRows(text) }).toEqual({ text, rows: 0 });
    }
    const { trip } = await api.operator.getTrip({ tripId });
    expect(trip).toMatchObject({ vehicleId: "vehicle-1", paymentMethod: "erased" });
    const riders = await api.db.selectFrom("trips").select("rider_id").distinct().execute();
    expect(riders.length).toBeGreaterThan(1);
  });

  it("refuses every later trip of the rider, a repeated StartTrip included, and stores nothing", async () => {
    const riderId = newRider();
    const request = createRequest();
    await api.rider(riderId).startTrip(request);
    await api.db.updateTable("trips").set({ status: "CANCELLED" }).execute();
    await close(riderId);
    for (const one of [request, createRequest()]) {
      const refusal = await catchRefusal(api.rider(riderId).startTrip(one));
      expect(refusal.code).toBe(Code.FailedPrecondition);
      expect(refusal.rawMessage).toContain("erased");
    }
    expect((await api.registry.list({ riderId, limit: 10 })).length).toBe(1);
  });

  it.each(["REQUESTED", "PENDING", "ACTIVE", "COMPENSATING", "NEEDS_ATTENTION"] as const)(
    "closes no rider with a trip that is %s, and logs nothing",
    async (status) => {
      const riderId = newRider();
      const { tripId } = await api
        .rider(riderId)
        .startTrip(createRequest())
        .then(({ trip }) => trip ?? { tripId: "" });
      await api.db.updateTable("trips").set({ status }).where("trip_id", "=", tripId).execute();
      const refusal = await catchRefusal(close(riderId));
      expect(refusal.code).toBe(Code.FailedPrecondition);
      expect(refusal.rawMessage).toContain(`trip ${tripId} of the rider is ${status}`);
      expect((await api.operatorLog().list({ subject: riderId })).entries).toEqual([]);
      await api.db.updateTable("trips").set({ status: "CANCELLED" }).execute();
      await api.rider(riderId).startTrip(createRequest());
      await api.db.updateTable("trips").set({ status: "CANCELLED" }).execute();
    },
  );

  it("refuses a rider who is unknown", async () => {
    const riderId = newRider();
    expect(await catchRefusal(close(riderId, true))).toMatchObject({ code: Code.NotFound });
    await api.rider(riderId).startTrip(createRequest());
    await api.db.updateTable("trips").set({ status: "CANCELLED" }).execute();
    await close(riderId, true);
  });

  it("logs the decision once, with who and why, in the transaction that closes the rider", async () => {
    const riderId = newRider();
    await Promise.all([close(riderId), close(riderId), close(riderId)]);
    const { entries } = await api.operatorLog().list({ subject: riderId });
    expect(entries).toMatchObject([{ operator: "otto", action: 9, reason: "request 7" }]);
  });

  it("starts no trip while a rider is being closed: one of the two wins", async () => {
    for (let round = 0; round < 10; round += 1) {
      const riderId = newRider();
      const [closed, started] = await Promise.allSettled([
        close(riderId),
        api.rider(riderId).startTrip(createRequest()),
      ]);
      expect([closed.status, started.status].toSorted()).toEqual(["fulfilled", "rejected"]);
    }
    await api.db.updateTable("trips").set({ status: "CANCELLED" }).execute();
  });

  it("keeps the rider of a trip until its histories are gone", async () => {
    const riderId = newRider();
    await takeTrip(riderId);
    await close(riderId);
    const deleting = connect({ delete: async () => false });
    expect(await deleting.eraseRiderData({ riderId })).toMatchObject({ done: false });
    expect((await api.registry.list({ riderId, limit: 10 })).length).toBe(1);
    expect(await connect().eraseRiderData({ riderId })).toMatchObject({ done: true });
  });

  it("deletes the histories of the trip and of its refunds", async () => {
    const riderId = newRider();
    const tripId = await takeTrip(riderId);
    await addRefund(tripId, "PUBLISHED");
    await close(riderId);
    const deleted: string[] = [];
    const histories: TripHistories = { delete: async (id) => deleted.push(id) > 0 };
    await connect(histories).eraseRiderData({ riderId });
    expect(deleted.toSorted()).toEqual([`refund/${tripId}/refund-1`, `trip/${tripId}`]);
  });

  it.each(["REQUESTED", "REFUNDED"] as const)(
    "keeps the rider of a trip with a refund that is %s, whose workflow reads the rider",
    async (state) => {
      const riderId = newRider();
      const tripId = await takeTrip(riderId);
      await addRefund(tripId, state);
      await close(riderId);
      const refusal = await catchRefusal(connect().eraseRiderData({ riderId }));
      expect(refusal.code).toBe(Code.Unavailable);
      expect(refusal.rawMessage).toBe(
        `refund refund-1 of trip ${tripId} is ${state}: call again once it is made`,
      );
      expect((await api.registry.list({ riderId, limit: 10 })).length).toBe(1);
      await api.db.updateTable("trip_refunds").set({ state: "PUBLISHED" }).execute();
      expect(await connect().eraseRiderData({ riderId })).toMatchObject({ done: true });
    },
  );

  it("keeps the rider of a trip that is refunded while its histories are deleted", async () => {
    const riderId = newRider();
    const tripId = await takeTrip(riderId);
    await close(riderId);
    const refunding: TripHistories = {
      async delete() {
        await addRefund(tripId, "PUBLISHED");
        return true;
      },
    };
    expect(await connect(refunding).eraseRiderData({ riderId })).toMatchObject({ done: false });
    const deleted: string[] = [];
    const histories: TripHistories = { delete: async (id) => deleted.push(id) > 0 };
    expect(await connect(histories).eraseRiderData({ riderId })).toMatchObject({ done: true });
    expect(deleted).toContain(`refund/${tripId}/refund-1`);
  });

  it("erases no trips of a rider who is not closed", async () => {
    const refusal = await catchRefusal(connect().eraseRiderData({ riderId: newRider() }));
    expect(refusal.code).toBe(Code.FailedPrecondition);
  });

  it("exports the trips of the rider alone, as the rider sees them", async () => {
    const riderId = newRider();
    const tripIds = [await takeTrip(riderId), await takeTrip(riderId)];
    await takeTrip(newRider());
    const { records } = await connect().exportRiderData({ riderId });
    const trips = records.map(({ json }): { tripId: string } => JSON.parse(json));
    expect(trips.map(({ tripId }) => tripId).toSorted()).toEqual(tripIds.toSorted());
    expect(trips[0]).toMatchObject({ riderId, status: "TRIP_STATUS_CANCELLED" });
  });

  it("exports the words with which the rider cancelled a trip, and none of an operator", async () => {
    const riderId = newRider();
    const [mine, theirs] = [createRequest(), createRequest()];
    await api.rider(riderId).startTrip(mine);
    await api.rider(riderId).cancelTrip({ tripId: mine.tripId, reason: "I am Rosa" });
    await api.db.updateTable("trips").set({ status: "CANCELLED" }).execute();
    await api.rider(riderId).startTrip(theirs);
    await api.operator.cancelTrip({ tripId: theirs.tripId, reason: "the rider is drunk" });
    const { records } = await connect().exportRiderData({ riderId });
    const texts = records.filter(({ kind }) => kind === "cancellation").map(({ json }) => json);
    expect(texts.map((text): unknown => JSON.parse(text))).toEqual([
      { tripId: mine.tripId, reason: "I am Rosa" },
    ]);
    expect(JSON.stringify(records)).not.toContain("drunk");
    await api.db.updateTable("trips").set({ status: "CANCELLED" }).execute();
  });
});
