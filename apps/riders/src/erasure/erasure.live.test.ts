import { Code } from "@connectrpc/connect";
import { catchRefusal } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createFakeApps, type FakeApps } from "../../test/fake-apps.ts";
import { startTestRiders, type TestRiders } from "../../test/test-riders.ts";
import { carryOutErasure } from "./carry-out.ts";
import { refuseErasure, removeErasure } from "./erasure-store.ts";

let test: TestRiders;
let apps: FakeApps;
beforeAll(async () => {
  test = await startTestRiders();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);
beforeEach(() => {
  apps = createFakeApps();
});

const olga = { role: "operator", subject: "olga" };
const erase = (riderId: string, reason = "request 7") =>
  test.as(olga, apps.clients).eraseRider({ riderId, reason });
const getErasure = async (riderId: string) =>
  (await test.as(olga, apps.clients).getErasure({ riderId })).erasure;

/** Creates a rider with a profile and a payment method, and returns the id. */
async function createRider(): Promise<string> {
  const riderId = crypto.randomUUID();
  const rider = test.asRider(riderId);
  await rider.updateProfile({
    displayName: `Rosa of ${riderId}`,
    email: "rosa@example.com",
    locale: "de-AT",
    timeZone: "Europe/Vienna",
    consents: { consents: [1] },
  });
  await rider.addPaymentMethod({ gatewayToken: "tok_rosa", label: "Visa of Rosa" });
  return riderId;
}

/** Carries out rounds of all erasures, without their pauses, until every one is over or `rounds` have passed. */
async function carryOut(rounds = 5): Promise<void> {
  const logger = { warn() {} };
  for (let round = 0; round < rounds; round += 1) {
    await test.db.updateTable("erasures").set({ due_at: sql`now()` }).execute();
    while (await carryOutErasure({ db: test.db, clients: apps.clients, logger })) {}
  }
}

/** Returns the tables that have something of a rider besides the id. */
async function findTables(riderId: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select 'riders' as name from riders where rider_id = ${riderId}
      and (display_name, email, locale, time_zone) is distinct from ('', '', 'en', 'UTC')
    union all select 'payment_methods' from payment_methods where rider_id = ${riderId}
    union all select 'rider_consents' from rider_consents where rider_id = ${riderId}
`.execute(test.db);
  return rows.map(({ name }) => name);
}

describe("the erasure of a rider", { timeout: 60_000 }, () => {
  it("leaves the id alone, and is complete once every app has confirmed", async () => {
    const riderId = await createRider();
    const { erasure } = await erase(riderId);
    expect(erasure?.begunAt).toBeDefined();
    expect(erasure?.completedAt).toBeUndefined();
    expect(await findTables(riderId)).toEqual([]);
    await carryOut(1);
    const completed = await getErasure(riderId);
    expect(completed?.completedAt).toBeDefined();
    expect(completed?.apps.map(({ app }) => app)).toEqual([
      "riders",
      "billing",
      "notifications",
      "trips",
    ]);
    const notifications = test.as({ role: "service", subject: "notifications" });
    for (const id of [riderId, `erased-${crypto.randomUUID()}`]) {
      const refusal = await catchRefusal(notifications.getRegion({ riderId: id }));
      expect(refusal.code).toBe(Code.NotFound);
    }
    for (const { confirmedAt, kept } of completed?.apps ?? []) {
      expect(confirmedAt).toBeDefined();
      expect(kept).not.toEqual([]);
    }
    expect(apps.closed.get(riderId)).toBe("request 7");
    expect(await test.countErased(riderId)).toBe(1);
  });

  it("is the same when it is repeated, also many times at once", async () => {
    const riderId = await createRider();
    const first = await Promise.all([erase(riderId), erase(riderId), erase(riderId)]);
    await carryOut(1);
    const again = await erase(riderId, "another reason");
    for (const { erasure } of [...first, again]) {
      expect(erasure?.begunAt).toEqual(first[0]?.erasure?.begunAt);
    }
    expect(again.erasure?.completedAt).toBeDefined();
    expect(apps.erased.filter((call) => call.endsWith(riderId)).length).toBe(3);
    expect(await test.countErased(riderId)).toBe(1);
  });

  it("refuses a rider with an open trip, and changes nothing", async () => {
    const riderId = await createRider();
    apps.open.add(riderId);
    const refusal = await catchRefusal(erase(riderId));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.rawMessage).toContain("a trip of the rider is ACTIVE");
    expect((await catchRefusal(getErasure(riderId))).code).toBe(Code.NotFound);
    const { profile } = await test.asRider(riderId).getProfile({});
    expect(profile?.displayName).toContain("Rosa");
    apps.open.clear();
    await erase(riderId);
    await carryOut(1);
    expect((await getErasure(riderId))?.completedAt).toBeDefined();
  });

  it("refuses a rider of whom nothing is stored, and an erasure without a reason", async () => {
    const riderId = crypto.randomUUID();
    expect((await catchRefusal(erase(riderId))).code).toBe(Code.NotFound);
    expect((await catchRefusal(getErasure(riderId))).code).toBe(Code.NotFound);
    expect((await catchRefusal(erase(riderId, ""))).code).toBe(Code.InvalidArgument);
    apps.over.add(riderId);
    await erase(riderId);
    await carryOut(1);
    expect((await getErasure(riderId))?.completedAt).toBeDefined();
  });

  it("is asked of an app that is down until it confirms", async () => {
    const riderId = await createRider();
    apps.down.add("billing");
    await erase(riderId);
    await carryOut(2);
    const waiting = await getErasure(riderId);
    expect(waiting?.completedAt).toBeUndefined();
    const confirmed = waiting?.apps.filter(({ confirmedAt }) => confirmedAt !== undefined);
    expect(confirmed?.map(({ app }) => app)).toEqual(["riders", "notifications", "trips"]);
    expect(waiting?.apps.find(({ app }) => app === "billing")?.lastError).toBe("billing is down");
    apps.down.clear();
    await carryOut(1);
    const completed = await getErasure(riderId);
    expect(completed?.completedAt).toBeDefined();
    expect(completed?.apps.map(({ lastError }) => lastError)).toEqual(["", "", "", ""]);
    expect(apps.erased.filter((call) => call === `trips ${riderId}`).length).toBe(1);
  });

  it("is asked of an app until nothing is left in it", async () => {
    const riderId = await createRider();
    apps.batches = 4;
    await erase(riderId);
    await carryOut(3);
    expect((await getErasure(riderId))?.completedAt).toBeUndefined();
    await carryOut(1);
    expect((await getErasure(riderId))?.completedAt).toBeDefined();
  });

  it("begins once trips answers, when trips is down", async () => {
    const riderId = await createRider();
    apps.down.add("trips");
    const { erasure } = await erase(riderId);
    expect(erasure?.begunAt).toBeUndefined();
    await carryOut(1);
    expect((await test.asRider(riderId).getProfile({})).profile?.displayName).toContain("Rosa");
    apps.down.clear();
    await carryOut(2);
    expect((await getErasure(riderId))?.completedAt).toBeDefined();
    expect(await findTables(riderId)).toEqual([]);
  });

  it("is refused when trips was down and has an open trip, and may be requested again", async () => {
    const riderId = await createRider();
    apps.down.add("trips");
    apps.open.add(riderId);
    await erase(riderId);
    apps.down.clear();
    await carryOut(2);
    const refused = await getErasure(riderId);
    expect(refused?.refusal).toContain("ACTIVE");
    expect(refused?.begunAt).toBeUndefined();
    apps.open.clear();
    await erase(riderId);
    await carryOut(1);
    expect(await getErasure(riderId)).toMatchObject({ refusal: "" });
    expect((await getErasure(riderId))?.completedAt).toBeDefined();
  });

  it("is complete in the end, when another call was refused while trips closed the rider", async () => {
    for (const refuse of [
      (riderId: string) => refuseErasure(test.db, riderId, "a trip of the rider is ACTIVE"),
      (riderId: string) => removeErasure(test.db, riderId),
    ]) {
      const riderId = await createRider();
      const { trips } = apps.clients;
      const refusing: typeof trips = {
        async closeRider(request, options) {
          const closed = await trips.closeRider(request, options);
          await refuse(riderId);
          return closed;
        },
      };
      const clients = { ...apps.clients, trips: refusing };
      const { erasure } = await test.as(olga, clients).eraseRider({ riderId, reason: "request 7" });
      expect(erasure?.begunAt).toBeDefined();
      await carryOut(1);
      const completed = await getErasure(riderId);
      expect(completed).toMatchObject({ refusal: "" });
      expect(completed?.completedAt).toBeDefined();
      expect(await findTables(riderId)).toEqual([]);
    }
  });

  it("leaves an erased rider without profile, methods and export, and refuses to create them again", async () => {
    const riderId = await createRider();
    const rider = test.asRider(riderId);
    const { paymentMethods } = await rider.listPaymentMethods({});
    await erase(riderId);
    const calls = [
      () => rider.updateProfile({ displayName: "Rosa" }),
      () => rider.addPaymentMethod({ gatewayToken: "tok_rosa", label: "Visa of Rosa" }),
      () => rider.getProfile({}),
    ];
    for (const call of calls) {
      const refusal = await catchRefusal(call());
      expect(refusal.code).toBe(Code.FailedPrecondition);
      expect(refusal.rawMessage).toContain("the rider was erased");
    }
    const [method] = paymentMethods;
    const paymentMethodId = method?.paymentMethodId ?? "";
    const billing = test.as({ role: "service", subject: "billing" });
    expect((await catchRefusal(billing.getGatewayToken({ riderId, paymentMethodId }))).code).toBe(
      Code.NotFound,
    );
    await rider.removePaymentMethod({ paymentMethodId });
    expect((await catchRefusal(test.as(olga).getRider({ riderId }))).code).toBe(Code.NotFound);
    expect(await findTables(riderId)).toEqual([]);
  });

  it("leaves nothing of a payment method that is added meanwhile", async () => {
    for (let round = 0; round < 10; round += 1) {
      const riderId = await createRider();
      const added = { gatewayToken: "tok_rosa_2", label: "Master of Rosa" };
      await Promise.allSettled([erase(riderId), test.asRider(riderId).addPaymentMethod(added)]);
      expect(await findTables(riderId)).toEqual([]);
    }
  });
});
