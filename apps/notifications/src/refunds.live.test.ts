import { toJsonString } from "@bufbuild/protobuf";
import { TripRefundedSchema } from "@fanfare/contracts/trips/v1/refund_events";
import { TripCompletedSchema } from "@fanfare/contracts/trips/v1/trip_events";
import { createLogger } from "@fanfare/service";
import { completedTrip, openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newReceipt } from "../test/new-receipt.ts";
import { newRefund } from "../test/new-refund.ts";
import { addDraft, type NewDraft } from "./draft-store.ts";
import { migrations } from "./migrations.ts";
import type { Regions } from "./regions.ts";
import { addReceipt, listReceipts } from "./store.ts";
import type { NotificationsDatabase } from "./tables.ts";
import { writeDrafts } from "./write-drafts.ts";

const logger = createLogger({ name: "notifications", level: "silent" });
const { signal } = new AbortController();
const german: Regions = { find: async () => ({ locale: "de", timeZone: "Europe/Berlin" }) };

const euros = (minorUnits: bigint) => ({ minorUnits, currency: "EUR" });

function draftTrip(tripId: string): NewDraft {
  const event = toJsonString(TripCompletedSchema, completedTrip({ tripId, riderId: "" }));
  return { trip_id: tripId, rider_id: "rosa", refund_id: null, event };
}

function draftRefund(
  tripId: string,
  refundId: string,
  [amount, total]: [bigint, bigint],
): NewDraft {
  const amounts = { refunded: euros(amount), totalRefunded: euros(total) };
  const refund = newRefund({ tripId, riderId: "", refundId, ...amounts });
  const event = toJsonString(TripRefundedSchema, refund);
  return { trip_id: tripId, rider_id: "rosa", refund_id: refundId, event };
}

/** Returns all orders of a list. */
function permute<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((one, index) =>
    permute(list.toSpliced(index, 1)).map((others) => [one, ...others]),
  );
}

describe("the receipts of a refunded trip", { timeout: 60_000 }, () => {
  let database: TestDatabase<NotificationsDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "notifications", migrations });
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const write = () => writeDrafts({ db: database.db, regions: german, logger, signal });
  const makeDue = () =>
    database.db.updateTable("receipt_drafts").set({ due_at: sql<Date>`now()` }).execute();
  const listDrafts = () => database.db.selectFrom("receipt_drafts").selectAll().execute();
  /** Returns the receipts of a trip by their subjects, numbers and lines, in the order of the numbers. */
  async function readReceipts(tripId: string) {
    const receipts = await listReceipts(database.db, tripId, undefined);
    const texts = receipts.map(({ subject, text }) => `${subject}\n${text}`);
    return texts.map((text) => text.replaceAll(tripId, "").replaceAll("\u00a0", " ")).toSorted();
  }
  /** Writes the drafts, each of which arrives after those before it were tried. */
  async function arrive(drafts: readonly NewDraft[]) {
    for (const draft of drafts) {
      await addDraft(database.db, draft);
      await write();
    }
    await makeDue();
    while ((await write()) > 0);
    expect(await listDrafts()).toEqual([]);
  }

  it("are the same in whichever order the events arrive, and however often", async () => {
    const expected = [
      expect.stringMatching(/^Beleg über Ihre Fahrt: 12,50 €\nBeleg -1\n/),
      expect.stringMatching(
        /^Korrigierter Beleg über Ihre Fahrt: 0,00 €\nBeleg -3\n\n.* den Beleg -1\.(\n.*)+ -2,50 €\n.* -10,00 €\n.* 0,00 €\n$/,
      ),
      expect.stringMatching(
        /^Korrigierter Beleg über Ihre Fahrt: 10,00 €\nBeleg -2\n\n.* den Beleg -1\.(\n.*)+ -2,50 €\n.* 10,00 €\n$/,
      ),
    ];
    for (const order of permute([0, 1, 2])) {
      const tripId = crypto.randomUUID();
      const drafts = [
        draftTrip(tripId),
        draftRefund(tripId, "part", [250n, 250n]),
        draftRefund(tripId, "rest", [1000n, 1250n]),
      ];
      const arriving = order.flatMap((index) => drafts[index] ?? []);
      const again = arriving.filter(({ refund_id }) => refund_id !== null);
      await arrive([...arriving, ...again]);
      expect(await readReceipts(tripId)).toEqual(expected);
    }
  });

  it("are written once when all arrive at the same time, in several processes", async () => {
    const tripId = crypto.randomUUID();
    const parts = [1n, 2n, 3n, 4n].map((part) =>
      draftRefund(tripId, `part-${part}`, [10n, 10n * part]),
    );
    for (const draft of [...parts, ...parts, draftTrip(tripId)]) await addDraft(database.db, draft);
    for (let left = 1; left > 0; left = (await listDrafts()).length) {
      await makeDue();
      await Promise.all([write(), write(), write()]);
    }
    const numbers = (await readReceipts(tripId)).map((text) => /^Beleg -(\d)/m.exec(text)?.[1]);
    expect(new Set(numbers)).toEqual(new Set(["1", "2", "3", "4", "5"]));
    expect(numbers).toHaveLength(5);
  });

  it("wait for the receipt of the trip, with the reason", async () => {
    const tripId = crypto.randomUUID();
    await addDraft(database.db, draftRefund(tripId, "part", [250n, 250n]));
    expect(await write()).toBe(0);
    expect(await listDrafts()).toMatchObject([
      { last_error: expect.stringContaining(`the receipt of trip ${tripId} is not written yet`) },
    ]);
    await arrive([draftTrip(tripId)]);
    expect(await readReceipts(tripId)).toHaveLength(2);
  });

  it("correct a receipt that an older version wrote", async () => {
    const tripId = crypto.randomUUID();
    await addReceipt(database.db, newReceipt({ trip_id: tripId, subject: "An old receipt" }));
    await arrive([draftRefund(tripId, "part", [250n, 250n])]);
    expect((await readReceipts(tripId)).at(-1)).toMatch(
      /Beleg -2\n(\n.*)+\nFür Ihre Fahrt berechnet +12,50 €\nErstattung .* -2,50 €\n.* 10,00 €\n$/,
    );
  });
});
