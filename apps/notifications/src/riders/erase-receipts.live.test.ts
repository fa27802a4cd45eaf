import { createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { explain, openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDraft, deleteDraft } from "../draft-store.ts";
import { migrations } from "../migrations.ts";
import { addReceipt } from "../store.ts";
import type { NotificationsDatabase } from "../tables.ts";
import { createRiderDataRoutes } from "./rider-data-routes.ts";

const newRow = (rider_id: string) => ({
  trip_id: crypto.randomUUID(),
  rider_id,
  refund_id: null,
  event: "{}",
});
const newReceipt = (riderId: string) => ({
  ...newRow(riderId),
  subject: "Receipt",
  text: "Thanks",
});

describe("the erasure of a rider's receipts", { timeout: 60_000 }, () => {
  let database: TestDatabase<NotificationsDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "notifications", migrations });
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const connect = () =>
    createClient(
      RiderDataService,
      createTestTransport(createRiderDataRoutes(database.db), {
        role: "service",
        subject: "riders",
      }),
    );

  async function listRows(riderId: string): Promise<string[]> {
    const { db } = database;
    const of = { receipts: db.selectFrom("receipts"), drafts: db.selectFrom("receipt_drafts") };
    const receipts = await of.receipts.select("id").where("rider_id", "=", riderId).execute();
    const drafts = await of.drafts.select("id").where("rider_id", "=", riderId).execute();
    return [...receipts.map(() => "receipt"), ...drafts.map(() => "draft")];
  }

  it("removes the receipts and drafts of the rider alone", async () => {
    const [riderId, otherId] = [crypto.randomUUID(), crypto.randomUUID()];
    for (const id of [riderId, otherId]) {
      await addReceipt(database.db, newReceipt(id));
      await addDraft(database.db, newRow(id));
    }
    for (const _ of ["first", "repeated"]) {
      expect(await connect().eraseRiderData({ riderId })).toMatchObject({ done: true });
    }
    expect(await listRows(riderId)).toEqual([]);
    expect(await listRows(otherId)).toEqual(["receipt", "draft"]);
  });

  it("removes a receipt that is being written", async () => {
    const riderId = crypto.randomUUID();
    await addDraft(database.db, newRow(riderId));
    const draft = await database.db
      .selectFrom("receipt_drafts")
      .select("id")
      .where("rider_id", "=", riderId)
      .executeTakeFirstOrThrow();
    let erasing: Promise<unknown> | undefined;
    await database.db.transaction().execute(async (tx) => {
      await deleteDraft(tx, draft.id);
      erasing = connect().eraseRiderData({ riderId });
      await addReceipt(tx, newReceipt(riderId));
    });
    await erasing;
    expect(await listRows(riderId)).toEqual([]);
  });

  it("finds the receipts of a rider by an index, for they are kept for good", async () => {
    const plan = await explain(
      database.db,
      sql`select from receipts where rider_id = 'rider-1' and id > 0 order by id limit 100`,
    );
    expect(plan).toContain("receipts_of_rider");
  });

  it("exports the receipts of the rider alone", async () => {
    const riderId = crypto.randomUUID();
    await addReceipt(database.db, newReceipt(riderId));
    await addReceipt(database.db, newReceipt(crypto.randomUUID()));
    await addReceipt(database.db, newReceipt(riderId));
    const { records } = await connect().exportRiderData({ riderId });
    expect(records.map(({ json }) => JSON.parse(json))).toMatchObject([{ riderId }, { riderId }]);
  });
});
