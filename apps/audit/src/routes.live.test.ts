import { Code, createClient } from "@connectrpc/connect";
import { findUnguardedMethods } from "@fanfare/access";
import { createTestTransport } from "@fanfare/access/testing";
import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrations } from "./migrations.ts";
import { createRoutes } from "./routes.ts";
import { appendEvent } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

const ids = (...numbers: number[]) => numbers.map((number) => `event-${number}`);
const eventTime = new Date("2026-11-21T10:00:00Z");

describe("createRoutes()", { timeout: 60_000 }, () => {
  let database: TestDatabase<AuditDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "audit", migrations });
    for (let index = 1; index <= 25; index += 1) {
      await appendEvent(database.db, {
        eventId: `event-${index}`,
        topic: index % 2 === 0 ? "trips.completed" : "trips.started",
        key: index % 5 === 0 ? undefined : `trip-${index % 5}`,
        type: "trips.v1.TripCompleted",
        source: "//trips",
        time: eventTime,
        json: `{"number":${index}}`,
      });
    }
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const createTestClient = (role: "rider" | "operator" | "service") =>
    createClient(
      AuditService,
      createTestTransport(createRoutes(database.db), { role, subject: "somebody" }),
    );

  async function listAll(request: { topic?: string; key?: string; pageSize?: number }) {
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await createTestClient("operator").listEvents({ ...request, pageToken });
      expect(page.events.length).toBeLessThanOrEqual(request.pageSize ?? 20);
      seen.push(...page.events.map((event) => event.eventId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return seen;
  }

  it("guards every method", () => {
    expect(findUnguardedMethods([AuditService])).toEqual([]);
  });

  it("returns an event as it was recorded", async () => {
    const { events } = await createTestClient("operator").listEvents({ pageSize: 1 });
    expect(events).toMatchObject([
      {
        position: 1n,
        eventId: "event-1",
        topic: "trips.started",
        key: "trip-1",
        type: "trips.v1.TripCompleted",
        source: "//trips",
        eventTime: { seconds: BigInt(eventTime.getTime() / 1000) },
        json: '{"number":1}',
      },
    ]);
  });

  it("pages through all events in order", async () => {
    const all = ids(...Array.from({ length: 25 }, (_, index) => index + 1));
    expect(await listAll({})).toEqual(all);
    expect(await listAll({ pageSize: 5 })).toEqual(all);
    expect(await listAll({ pageSize: 100 })).toEqual(all);
  });

  it("filters by topic and by key", async () => {
    expect(await listAll({ topic: "trips.completed", pageSize: 5 })).toEqual(
      ids(2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24),
    );
    expect(await listAll({ key: "trip-3" })).toEqual(ids(3, 8, 13, 18, 23));
    expect(await listAll({ key: "trip-3", topic: "trips.completed" })).toEqual(ids(8, 18));
    expect(await listAll({ key: "trip-9" })).toEqual([]);
  });

  it.each(["rider", "service"] as const)("rejects a %s", async (role) => {
    await expect(createTestClient(role).listEvents({})).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
  });

  it("rejects malformed requests", async () => {
    const error = { code: Code.InvalidArgument };
    const operator = createTestClient("operator");
    await expect(operator.listEvents({ pageToken: "sesame" })).rejects.toMatchObject(error);
    await expect(operator.listEvents({ pageSize: -1 })).rejects.toMatchObject(error);
  });
});
