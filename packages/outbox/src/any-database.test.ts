import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import {
  type ColumnType,
  type ControlledTransaction,
  DummyDriver,
  type Generated,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type Transaction,
} from "kysely";
import { describe, expect, expectTypeOf, it } from "vitest";
import { createDelivery } from "../test/fares.ts";
import {
  inbox,
  inboxBatch,
  listRejectedEvents,
  outbox,
  pruneInbox,
  readOutboxState,
  startRelay,
} from "./index.ts";

type WithTypes = {
  readonly orders: { readonly id: Generated<string>; at: ColumnType<Date, string, never> };
};
interface WithOwnInbox {
  inbox: { group_name: string; event_id: string };
  "audit.outbox": { sequence: string };
}

/** Creates a Kysely without a database: these tests check types. */
function open<DB>(): Kysely<DB> {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

/** Calls every function with a database of an unknown type. */
async function useAll<DB>(db: Kysely<DB>): Promise<void> {
  const seen = inbox<{ readonly id: string }, DB>(db, async (message, tx, delivery) => {
    expectTypeOf(message.id).toBeString();
    expectTypeOf(tx).toEqualTypeOf<Transaction<DB>>();
    expectTypeOf(delivery.attempt).toBeNumber();
  });
  await seen({ id: "1" }, createDelivery("1"));
  inboxBatch<string, DB>(db, async (events, tx) => {
    expectTypeOf(events[0]?.message).toEqualTypeOf<string | undefined>();
    expectTypeOf(tx).toEqualTypeOf<Transaction<DB>>();
  });
  await db.transaction().execute(async (tx) => {
    outbox(tx, NoteEvents);
    outbox(tx.withSchema("other"), NoteEvents);
  });
  const controlled: ControlledTransaction<DB> = await db.startTransaction().execute();
  outbox(controlled, NoteEvents);
  outbox(await controlled.savepoint("inner").execute(), NoteEvents);
  await readOutboxState(db);
  await listRejectedEvents(db);
  await pruneInbox(db, { retentionMs: 2, maxRedeliveryMs: 1 });
  const relay = startRelay(
    db,
    { publishEncoded: () => Promise.reject(new Error("unused")) },
    { services: [NoteEvents] },
  );
  await relay.stop();
}

describe("the package", () => {
  it("accepts a Kysely of any database type", async () => {
    const used = [
      useAll(open<unknown>()),
      useAll(open<object>()),
      useAll(open<Record<string, never>>()),
      useAll(open<WithTypes>()),
      useAll(open<WithOwnInbox>()),
    ];
    await expect(Promise.all(used)).resolves.toHaveLength(5);
  });

  it("infers the database type from its Kysely", () => {
    const handle = inbox(open<WithTypes>(), async (_message: string, tx) => {
      await tx.selectFrom("orders").select("id").execute();
      // @ts-expect-error There is no such table.
      await tx.selectFrom("nothing").selectAll().execute();
    });
    expectTypeOf(handle).parameter(0).toBeString();
  });
});
