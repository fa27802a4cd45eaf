import { Code, createClient } from "@connectrpc/connect";
import { findUnguardedMethods } from "@fanfare/access";
import { createTestTransport } from "@fanfare/access/testing";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import type { Caller } from "@fanfare/service";
import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newReceipt } from "../test/new-receipt.ts";
import { migrations } from "./migrations.ts";
import { createRoutes } from "./routes.ts";
import { addReceipt } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";

const tripId = "7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11";
const rider = (subject: string): Caller => ({ role: "rider", subject });

describe("createRoutes()", { timeout: 60_000 }, () => {
  let database: TestDatabase<NotificationsDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "notifications", migrations });
    await addReceipt(database.db, newReceipt({ trip_id: tripId }));
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const createTestClient = (caller: Caller) =>
    createClient(NotificationsService, createTestTransport(createRoutes(database.db), caller));

  it("guards every method", () => {
    expect(findUnguardedMethods([NotificationsService])).toEqual([]);
  });

  it.each([rider("ada"), { role: "operator", subject: "ops" } as const])(
    "returns the receipt to %o",
    async (caller) => {
      const { receipts } = await createTestClient(caller).listReceipts({ tripId });
      expect(receipts).toMatchObject([
        { tripId, riderId: "ada", subject: "Hi", text: "Thanks", createdAt: {} },
      ]);
      expect(receipts[0]?.sentAt).toBeUndefined();
    },
  );

  it("returns nothing to another rider, as for a trip without receipts", async () => {
    const bob = createTestClient(rider("bob"));
    expect((await bob.listReceipts({ tripId })).receipts).toEqual([]);
    expect((await bob.listReceipts({ tripId: crypto.randomUUID() })).receipts).toEqual([]);
  });

  it("rejects a service", async () => {
    await expect(
      createTestClient({ role: "service", subject: "worker" }).listReceipts({ tripId }),
    ).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("rejects an invalid trip ID", async () => {
    await expect(
      createTestClient(rider("ada")).listReceipts({ tripId: "42" }),
    ).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });
});
