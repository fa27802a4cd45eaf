import { Code, createClient } from "@connectrpc/connect";
import { findUnguardedMethods } from "@fanfare/access";
import { createTestTransport } from "@fanfare/access/testing";
import { RevenueService } from "@fanfare/contracts/revenue/v1/revenue";
import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrations } from "./migrations.ts";
import { createRoutes } from "./routes.ts";
import { addRevenue } from "./store.ts";
import type { RevenueDatabase } from "./tables.ts";

const tripId = "7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11";

describe("createRoutes()", { timeout: 60_000 }, () => {
  let database: TestDatabase<RevenueDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "revenue", migrations });
    const revenue = { tripId, vehicleId: "v", minorUnits: 1250n, trips: 1n, drivenSeconds: 60n };
    for (const day of ["2026-11-19", "2026-11-20", "2026-11-21"]) {
      for (const currency of ["CHF", "EUR"]) {
        await addRevenue(database.db, { ...revenue, day, currency });
      }
    }
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const createTestClient = (role: "rider" | "operator" | "service") =>
    createClient(
      RevenueService,
      createTestTransport(createRoutes(database.db), { role, subject: "somebody" }),
    );

  it("guards every method", () => {
    expect(findUnguardedMethods([RevenueService])).toEqual([]);
  });

  it("returns every entry of a trip, and none for another trip", async () => {
    const revenue = createTestClient("operator");
    const { entries } = await revenue.listRevenue({ tripId });
    expect(entries).toHaveLength(6);
    expect(entries[0]).toMatchObject({
      tripId,
      vehicleId: "v",
      amount: { minorUnits: 1250n, currency: "CHF" },
    });
    expect((await revenue.listRevenue({ tripId: crypto.randomUUID() })).entries).toEqual([]);
  });

  it("pages through a vehicle's days, newest first", async () => {
    const revenue = createTestClient("operator");
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await revenue.listVehicleDays({ vehicleId: "v", pageSize: 4, pageToken });
      seen.push(...page.days.map((day) => `${day.day} ${day.revenue?.currency}`));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual([
      "2026-11-21 EUR",
      "2026-11-21 CHF",
      "2026-11-20 EUR",
      "2026-11-20 CHF",
      "2026-11-19 EUR",
      "2026-11-19 CHF",
    ]);
  });

  it.each(["rider", "service"] as const)("rejects a %s", async (role) => {
    const error = { code: Code.PermissionDenied };
    await expect(createTestClient(role).listRevenue({ tripId })).rejects.toMatchObject(error);
    await expect(createTestClient(role).listVehicleDays({ vehicleId: "v" })).rejects.toMatchObject(
      error,
    );
  });

  it("rejects malformed requests", async () => {
    const revenue = createTestClient("operator");
    const error = { code: Code.InvalidArgument };
    await expect(revenue.listRevenue({ tripId: "42" })).rejects.toMatchObject(error);
    await expect(revenue.listVehicleDays({ vehicleId: "" })).rejects.toMatchObject(error);
    await expect(
      revenue.listVehicleDays({ vehicleId: "v", pageToken: "sesame" }),
    ).rejects.toMatchObject(error);
    await expect(revenue.listVehicleDays({ vehicleId: "v", pageSize: 101 })).rejects.toMatchObject(
      error,
    );
  });
});
