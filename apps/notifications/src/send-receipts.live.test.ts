import { createLogger } from "@fanfare/service";
import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newReceipt } from "../test/new-receipt.ts";
import { migrations } from "./migrations.ts";
import type { ReceiptSender } from "./receipt-sender.ts";
import { sendReceipts } from "./send-receipts.ts";
import { startSending } from "./start-sending.ts";
import { addReceipt, leaseDueReceipts } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";

const logger = createLogger({ name: "notifications", level: "silent" });
const { signal } = new AbortController();
const noop = async () => {};
const rejectBad: ReceiptSender["send"] = async ({ tripId }) => {
  if (tripId === "bad") throw new Error("mailbox full");
};

describe("sendReceipts()", { timeout: 60_000 }, () => {
  let database: TestDatabase<NotificationsDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "notifications", migrations });
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());
  beforeEach(() => database.db.deleteFrom("receipts").execute());

  async function write(...tripIds: string[]) {
    for (const tripId of tripIds) {
      await addReceipt(database.db, newReceipt({ trip_id: tripId }));
    }
  }
  const receipts = () =>
    database.db
      .selectFrom("receipts")
      .orderBy("id")
      .selectAll()
      .select(sql<number>`extract(epoch from due_at - now())::float8`.as("due_in"))
      .execute();
  const makeDue = () =>
    database.db.updateTable("receipts").set({ due_at: sql<Date>`now()` }).execute();
  const sendWith = (send: ReceiptSender["send"], timeoutMs?: number) =>
    sendReceipts({
      db: database.db,
      sender: { send },
      logger,
      signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });

  it("sends the receipts that are due once, and marks them", async () => {
    await write("t1", "t2");
    const sent: string[] = [];
    const send: ReceiptSender["send"] = async ({ tripId }) => void sent.push(tripId);
    expect(await sendWith(send)).toBe(2);
    expect(await sendWith(send)).toBe(0);
    await makeDue();
    expect(await sendWith(send)).toBe(0);
    expect(sent.toSorted()).toEqual(["t1", "t2"]);
    expect(await receipts()).toMatchObject([
      { attempts: 1, sent_at: expect.any(Date) },
      { attempts: 1, sent_at: expect.any(Date) },
    ]);
  });

  it("sends at most ten receipts in a batch", async () => {
    await write(...Array.from({ length: 12 }, (_, index) => `t${index}`));
    expect(await sendWith(noop)).toBe(10);
    expect(await sendWith(noop)).toBe(2);
  });

  it("retries a rejected receipt with backoff, and sends the others meanwhile", async () => {
    await write("bad", "good");
    await sendWith(rejectBad);
    const [bad, good] = await receipts();
    expect(good).toMatchObject({ sent_at: expect.any(Date) });
    expect(bad).toMatchObject({ sent_at: null, attempts: 1, last_error: "mailbox full" });
    expect(bad?.due_in).toBeLessThanOrEqual(1);

    await database.db.updateTable("receipts").set({ attempts: 5 }).execute();
    await makeDue();
    await sendWith(rejectBad);
    const [later] = await receipts();
    // The sixth attempt waits 32 s, less what this test took since.
    expect(later?.due_in).toBeGreaterThan(2);
    expect(later?.due_in).toBeLessThanOrEqual(32);
    expect(await sendWith(noop)).toBe(0);

    await makeDue();
    await sendWith(noop);
    expect((await receipts())[0]).toMatchObject({ sent_at: expect.any(Date), last_error: null });
  });

  it("stops waiting for a sender that hangs, and retries", async () => {
    await write("t1");
    expect(await sendWith(() => new Promise(() => {}), 20)).toBe(0);
    expect(await receipts()).toMatchObject([
      { sent_at: null, attempts: 1, last_error: expect.stringContaining("TimeoutError") },
    ]);
  });

  it("leases a receipt to only one of two processes", async () => {
    await write("t1", "t2", "t3");
    const leases = await Promise.all(
      [1, 2].map(() => leaseDueReceipts(database.db, { limit: 2, leaseDurationMs: 60_000 })),
    );
    expect(
      leases
        .flat()
        .map((receipt) => receipt.trip_id)
        .toSorted(),
    ).toEqual(["t1", "t2", "t3"]);
  });

  it("sends again what a process had leased when it died", async () => {
    await write("t1");
    await leaseDueReceipts(database.db, { limit: 10, leaseDurationMs: 60_000 });
    expect(await sendWith(noop)).toBe(0);
    await makeDue();
    expect(await sendWith(noop)).toBe(1);
  });

  it("keeps sending after startSending() until it is closed", async () => {
    const sent: string[] = [];
    const sending = startSending({
      db: database.db,
      sender: { send: async ({ tripId }) => void sent.push(tripId) },
      logger,
    });
    await write("t1");
    await expect.poll(() => sent, { timeout: 20_000 }).toEqual(["t1"]);
    await write("t2");
    await expect.poll(() => sent, { timeout: 20_000 }).toEqual(["t1", "t2"]);
    await sending.close();
    await write("t3");
    expect(await sendWith(noop)).toBe(1);
    expect(sent).toEqual(["t1", "t2"]);
  });
});
