import { createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { catchRefusal, explain } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  newTrip,
  operator,
  readAccount,
  startTestBilling,
  type TestBilling,
  worker,
} from "../../test/test-billing.ts";
import { selectKeys } from "./erase-tabs.ts";
import { createRiderDataRoutes } from "./rider-data-routes.ts";

let test: TestBilling;
beforeAll(async () => {
  test = await startTestBilling();
}, 120_000);
afterAll(() => test?.[Symbol.asyncDispose](), 60_000);

const connect = () =>
  createClient(
    RiderDataService,
    createTestTransport(createRiderDataRoutes(test.db), { role: "service", subject: "riders" }),
  );

/** Takes a captured trip of a rider, whose payment method has an id and a token of its own. */
async function takeTrip(riderId: string, token = "pm_card_visa") {
  const trip = newTrip(`method-of-${riderId}`);
  const billing = test.as(worker, undefined, { findToken: async () => token });
  await billing.openTab({ ...trip.open, riderId }, trip.openKey);
  await billing.charge(trip.fee, trip.feeKey);
  await billing.captureTab({ tripId: trip.tripId }, trip.captureKey);
  return { trip, billing };
}

/** Returns the tables that have a text in a row, in plain or in bytes. */
async function findTables(text: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public'`.execute(
    test.db,
  );
  const hex = Buffer.from(text).toString("hex");
  const found: string[] = [];
  for (const { name } of rows) {
    const table = sql.table(name);
    const matches = await sql`
      select from ${table} as r where r::text like ${`%${text}%`} or r::text like ${`%${hex}%`}`.execute(
      test.db,
    );
    if (matches.rows.length > 0) found.push(name);
  }
  return found;
}

describe("the erasure of a rider's tabs", { timeout: 60_000 }, () => {
  it("takes the rider out of every table, and keeps the amounts", async () => {
    const riderId = `rider-${crypto.randomUUID()}`;
    const { trip } = await takeTrip(riderId);
    expect(await findTables(riderId)).toEqual(["idempotency_keys", "tabs"]);
    const ledger = await test.as(operator).checkLedger({});
    expect(await connect().eraseRiderData({ riderId })).toMatchObject({ done: true });
    expect(await findTables(riderId)).toEqual([]);
    const { tab } = await test.as(operator).getTab(trip);
    expect(tab).toMatchObject({ paymentMethod: "erased", captured: { minorUnits: 100n } });
    expect(tab?.riderId).toMatch(/^erased-/);
    expect(await test.as(operator).checkLedger({})).toEqual(ledger);
    expect(await connect().eraseRiderData({ riderId })).toMatchObject({ done: true });
  });

  it("leaves a captured tab that can be refunded", async () => {
    const riderId = `rider-${crypto.randomUUID()}`;
    const { trip, billing } = await takeTrip(riderId);
    await connect().eraseRiderData({ riderId });
    await billing.refundCapture(trip.partRefund, trip.refundKey);
    expect((await readAccount(test.db, trip.tripId)).taken).toBe(60);
  });

  it("finds the keys of a trip by an index, for they grow with every trip", async () => {
    const keys = sql`select from idempotency_keys where ${selectKeys([crypto.randomUUID()])}`;
    expect(await explain(test.db, keys)).toContain("idempotency_keys_of_trip");
  });

  it("erases the tabs of no other rider", async () => {
    const riderId = `rider-${crypto.randomUUID()}`;
    await takeTrip(riderId);
    await connect().eraseRiderData({ riderId: "someone-else" });
    expect(await findTables(riderId)).not.toEqual([]);
  });

  it("exports the tabs of a rider, declined ones included", async () => {
    const riderId = `rider-${crypto.randomUUID()}`;
    const { trip } = await takeTrip(riderId);
    await catchRefusal(takeTrip(riderId, "pm_card_chargeDeclined"));
    await takeTrip("someone-else");
    const { records } = await connect().exportRiderData({ riderId });
    const tabs = records.map(({ json }): { tripId: string; riderId: string } => JSON.parse(json));
    expect(tabs).toHaveLength(2);
    expect(tabs.find(({ tripId }) => tripId === trip.tripId)).toMatchObject({
      riderId,
      captured: { minorUnits: "100" },
    });
  });
});

describe("the gateway's token", { timeout: 60_000 }, () => {
  it("is in no table once the gateway has answered, also with a refusal", async () => {
    await takeTrip("rider-1");
    const declined = await catchRefusal(takeTrip("rider-1", "pm_card_chargeDeclined"));
    const unknown = await catchRefusal(takeTrip("rider-1", "tok_of_rosa"));
    expect(`${declined.message} ${unknown.message}`).not.toMatch(/chargeDeclined is|tok_of_rosa/);
    expect(await findTables("tok_of_rosa")).toEqual([]);
    const { open, openKey } = newTrip("tok_of_rosa");
    const nobodys = test.as(worker, undefined, { findToken: async () => undefined });
    const foreign = await catchRefusal(nobodys.openTab(open, openKey));
    expect(foreign.message).not.toContain("tok_of_rosa");
    // The sandbox stands for the gateway, and keeps the methods that it has.
    expect(await findTables("pm_card_visa")).toEqual(["sandbox_authorisations"]);
  });
});
