import { randomUUID } from "node:crypto";
import { durationFromMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { findUnguardedMethods } from "@fanfare/access";
import { TariffService } from "@fanfare/contracts/trips/v1/tariffs";
import { catchRefusal } from "@fanfare/test-fixtures";
import { launchTariff } from "@fanfare/trip-contract";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await api.tariffs().setTariff({ tariffId: "launch" });
});

const euros = (minorUnits: bigint) => ({ minorUnits, currency: "EUR" });
const terms = {
  unlockFee: euros(50n),
  incrementPrice: euros(2n),
  increment: durationFromMs(1_000),
  maximumDrive: durationFromMs(3_600_000),
  cancellationGrace: durationFromMs(30_000),
};
const readMs = (time: Timestamp | undefined) => (time ? timestampMs(time) : Number.NaN);
const createId = () => `tariff-${randomUUID()}`;

function startTrip(fields: { tripId?: string; tariffId?: string } = {}) {
  const rider = api.rider(randomUUID());
  const request = { tripId: randomUUID(), vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" };
  return rider.startTrip({ ...request, ...fields });
}

describe("the tariff of a trip", () => {
  it("is launch at first", async () => {
    const { trip } = await startTrip();
    expect(trip?.tariff).toMatchObject({
      id: "launch",
      terms: {
        unlockFee: euros(100n),
        incrementPrice: euros(30n),
        maximumDrive: { seconds: 28_800n },
      },
    });
    expect(api.workflows.started.at(-1)?.tariff).toEqual(launchTariff);
  });

  it("is the one in force when it was requested, whatever follows", async () => {
    const tariffId = createId();
    const { trip: before } = await startTrip();
    await api.tariffs().setTariff({ tariffId, terms });
    const { trip: after } = await startTrip();
    expect([before?.tariff?.id, after?.tariff?.id]).toEqual(["launch", tariffId]);
    expect(api.workflows.started.at(-1)?.tariff).toMatchObject({ id: tariffId, unlockFee: 50 });

    for (const { trip, price, increment } of [
      { trip: before, price: 30, increment: 60_000 },
      { trip: after, price: 2, increment: 1_000 },
    ]) {
      const { riderId = "", tripId = "" } = trip ?? {};
      const { trip: ended } = await api.rider(riderId).endTrip({ tripId });
      const driveMs = readMs(ended?.endedAt) - readMs(ended?.startedAt);
      expect(Number(ended?.fare?.minorUnits)).toBe(price * Math.ceil(driveMs / increment));
      expect(ended?.tariff).toEqual(trip?.tariff);
    }
  });

  it("is refused when it is gone, and nothing of the trip is left", async () => {
    const tariffId = createId();
    await api.tariffs().setTariff({ tariffId, terms });
    const tripId = randomUUID();
    const refusal = await catchRefusal(startTrip({ tripId, tariffId: "launch" }));
    expect(refusal).toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: `the tariff launch is not in force: show ${tariffId} to the rider, and start the trip under it`,
    });
    expect(await api.registry.find(tripId)).toBeUndefined();
    expect((await startTrip({ tripId, tariffId })).trip?.tariff?.id).toBe(tariffId);
  });
});

describe("SetTariff", () => {
  it("puts one tariff in force at a time, which riders can read", async () => {
    const tariffId = createId();
    const { tariff } = await api.tariffs().setTariff({ tariffId, terms });
    const rider = api.tariffs({ role: "rider", subject: "rosa" });
    expect((await rider.getTariff({})).tariff).toEqual(tariff);
    const { tariffs, inForce } = await api.tariffs().listTariffs({});
    expect(inForce).toBe(tariffId);
    expect(tariffs[0]).toEqual(tariff);
    await expect(
      sql`insert into tariff_in_force (tariff_id) values ('launch')`.execute(api.db),
    ).rejects.toThrow("duplicate key");
    await expect(sql`delete from tariff_in_force`.execute(api.db)).rejects.toThrow("exactly one");
    await expect(sql`update tariffs set unlock_fee = 0`.execute(api.db)).rejects.toThrow("never");
  });

  it("logs who put which tariff in force and why, once for each key", async () => {
    const tariffId = createId();
    const headers = { "idempotency-key": randomUUID() };
    const set = () => api.tariffs().setTariff({ tariffId, terms, reason: "spring" }, { headers });
    await Promise.all([set(), set(), set()]);
    await api.tariffs().setTariff({ tariffId: "launch" });
    // A late copy of the call changes nothing.
    await set();
    expect((await api.tariffs().getTariff({})).tariff?.id).toBe("launch");
    const { entries } = await api.operatorLog().list({ subject: tariffId });
    expect(entries).toMatchObject(
      [{ operator: "otto", subject: tariffId, reason: "spring", details: /^50 EUR to unlock/ }].map(
        (entry) => ({ ...entry, details: expect.stringMatching(entry.details) }),
      ),
    );
  });

  it("refuses a tariff that does not exist, and other terms for one that does", async () => {
    const tariffId = createId();
    const gone = await catchRefusal(api.tariffs().setTariff({ tariffId }));
    expect(gone).toMatchObject({
      code: Code.NotFound,
      rawMessage: expect.stringContaining(`there is no tariff ${tariffId}`),
    });
    await api.tariffs().setTariff({ tariffId, terms });
    const other = { ...terms, unlockFee: euros(51n) };
    const taken = await catchRefusal(api.tariffs().setTariff({ tariffId, terms: other }));
    expect(taken.code).toBe(Code.AlreadyExists);
    expect((await api.operatorLog().list({ subject: tariffId })).entries).toHaveLength(1);
  });

  it("can be called by operators alone", async () => {
    const rider = api.tariffs({ role: "rider", subject: "rosa" });
    for (const call of [rider.setTariff({ tariffId: "launch" }), rider.listTariffs({})]) {
      expect((await catchRefusal(call)).code).toBe(Code.PermissionDenied);
    }
    expect(findUnguardedMethods([TariffService])).toEqual([]);
  });
});
