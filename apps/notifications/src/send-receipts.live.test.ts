import { createLogger } from "@fanfare/service";
import { openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { migrations } from "./migrations.ts";
import type { ReceiptSender } from "./receipt-sender.ts";
import { sendReceipts } from "./send-receipts.ts";
import { startSending } from "./start-sending.ts";
import { addReceipt, claimDueReceipts } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";

const logger = createLogger({ name: "notifications", level: "silent" });
const { signal } = new AbortController();
const noop = async () => {};
const refuseBad: ReceiptSender["send"] = async ({ tripId }) => {
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
      await addReceipt(database.db, { tripId, riderId: "ada", subject: "Hi", text: "Thanks" });
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

  it("sends what is due, once, and marks it", async () => {
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

  it("takes a batch of ten at most", async () => {
    await write(...Array.from({ length: 12 }, (_, index) => `t${index}`));
    expect(await sendWith(noop)).toBe(10);
    expect(await sendWith(noop)).toBe(2);
  });

  it("tries a refused one again later and later, and sends the others meanwhile", async () => {
    await write("bad", "good");
    await sendWith(refuseBad);
    const [bad, good] = await receipts();
    expect(good).toMatchObject({ sent_at: expect.any(Date) });
    expect(bad).toMatchObject({ sent_at: null, attempts: 1, last_error: "Error: mailbox full" });
    expect(bad?.due_in).toBeLessThanOrEqual(1);

    await database.db.updateTable("receipts").set({ attempts: 5 }).execute();
    await makeDue();
    await sendWith(refuseBad);
    const [later] = await receipts();
    // The sixth attempt waits 32 s, less what this test took since.
    expect(later?.due_in).toBeGreaterThan(2);
    expect(later?.due_in).toBeLessThanOrEqual(32);
    expect(await sendWith(noop)).toBe(0);

    await makeDue();
    await sendWith(noop);
    expect((await receipts())[0]).toMatchObject({ sent_at: expect.any(Date), last_error: null });
  });

  it("gives up waiting for a sender that hangs, and tries again", async () => {
    await write("t1");
    expect(await sendWith(() => new Promise(() => {}), 20)).toBe(1);
    expect(await receipts()).toMatchObject([
      { sent_at: null, attempts: 1, last_error: expect.stringContaining("TimeoutError") },
    ]);
  });

  it("hands a receipt to one of two processes only", async () => {
    await write("t1", "t2", "t3");
    const claims = await Promise.all(
      [1, 2].map(() => claimDueReceipts(database.db, { limit: 2, leaseDurationMs: 60_000 })),
    );
    expect(
      claims
        .flat()
        .map((receipt) => receipt.trip_id)
        .toSorted(),
    ).toEqual(["t1", "t2", "t3"]);
  });

  it("sends again what a process took along when it died", async () => {
    await write("t1");
    await claimDueReceipts(database.db, { limit: 10, leaseDurationMs: 60_000 });
    expect(await sendWith(noop)).toBe(0);
    await makeDue();
    expect(await sendWith(noop)).toBe(1);
  });

  it("goes on by itself from startSending() until it is closed", async () => {
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
