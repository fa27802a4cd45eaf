import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDelivery, type FaresDatabase, openFares } from "../../test/fares.ts";
import { type InboxHandler, inbox } from "./inbox.ts";

interface Trip {
  readonly tripId: string;
}
type Tx = Parameters<InboxHandler<Trip, FaresDatabase>>[1];

const insert = (tx: Tx, tripId: string, options: { readonly signal?: AbortSignal } = {}) =>
  tx.insertInto("fares").values({ trip_id: tripId }).execute(options);

describe("guardTransaction()", { timeout: 60_000 }, () => {
  let server: Postgres;
  let db: Kysely<FaresDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    db = await openFares(await server.createDatabase("fares"));
  }, 60_000);
  afterAll(async () => {
    await db?.destroy();
    await server?.stop();
  }, 60_000);

  const handle = (id: string, work: (tx: Tx) => Promise<unknown>, signal?: AbortSignal) =>
    inbox<Trip, FaresDatabase>(db, async (_trip, tx) => void (await work(tx)))(
      { tripId: id },
      createDelivery(id, signal === undefined ? {} : { signal }),
    );

  async function listFaresByName(prefix: string): Promise<string[]> {
    const { rows } = await sql<{ trip_id: string }>`
      select trip_id from fares where starts_with(trip_id, ${prefix}) order by trip_id`.execute(db);
    return rows.map(({ trip_id }) => trip_id);
  }

  it("rolls back statements that were queued when one failed", async () => {
    for (let round = 0; round < 10; round++) {
      const names = ["a", "b", "c", "d"].map((name) => `failed-${round}-${name}`);
      const failing = handle(`failed-${round}`, (tx) =>
        Promise.all([sql`select 1 / 0`.execute(tx), ...names.map((name) => insert(tx, name))]),
      );
      await expect(failing).rejects.toThrow("division by zero");
    }
    expect(await listFaresByName("failed")).toEqual([]);
  });

  it("rolls back statements that were queued when the signal aborted", async () => {
    const controller = new AbortController();
    const names = ["a", "b", "c"].map((name) => `late-${name}`);
    const late = handle(
      "late",
      (tx) => {
        setImmediate(() => controller.abort(new Error("aborted")));
        const sleeping = sql`select pg_sleep(600)`.execute(tx);
        return Promise.all([sleeping, ...names.map((name) => insert(tx, name))]);
      },
      controller.signal,
    );
    await expect(late).rejects.toThrow("aborted");
    expect(await listFaresByName("late")).toEqual([]);
  });

  it("rolls back statements with a signal of their own", async () => {
    for (let round = 0; round < 5; round++) {
      const { signal } = new AbortController();
      const names = ["a", "b", "c", "d"].map((name) => `signalled-${round}-${name}`);
      const failing = handle(`signalled-${round}`, (tx) => {
        const failed = sql`select 1 / 0`.execute(tx, { signal });
        return Promise.all([failed, ...names.map((name) => insert(tx, name, { signal }))]);
      });
      await expect(failing).rejects.toThrow("division by zero");
    }
    expect(await listFaresByName("signalled")).toEqual([]);
  });

  it.each([
    ["itself", (tx: Tx) => (name: string) => insert(tx, name)],
    ["without its plugins", (tx: Tx) => (name: string) => insert(tx.withoutPlugins(), name)],
    [
      "with a query that was compiled before",
      (tx: Tx) => {
        const compiled = tx.insertInto("fares").values({ trip_id: "branch-b" }).compile();
        return () => tx.executeQuery(compiled);
      },
    ],
  ])(
    "refuses statements of a branch through the transaction %s after the handler has failed",
    async (way, via) => {
      for (let ticks = 0; ticks < 25; ticks++) {
        const sent = Promise.withResolvers<unknown>();
        sent.promise.catch(() => {});
        const failing = handle(`branch-${way}-${ticks}`, async (tx) => {
          const send = via(tx);
          const branch = async () => {
            await insert(tx, "branch-a").catch(() => {});
            for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
            await send("branch-b");
          };
          branch().then(sent.resolve, sent.reject);
          throw new Error("fails at once");
        });
        await expect(failing).rejects.toThrow("fails at once");
        await sent.promise.catch(() => {});
      }
      expect(await listFaresByName("branch")).toEqual([]);
    },
  );

  it("commits statements that the handler sent and did not await", async () => {
    const names = ["a", "b", "c", "d"].map((name) => `sent-${name}`);
    await handle("sent", async (tx) => {
      for (const name of names) void insert(tx, name);
    });
    expect(await listFaresByName("sent")).toEqual(names);
    const { rows } = await sql`
      select xmin::text from fares where starts_with(trip_id, 'sent')
      union select xmin::text from inbox where event_id = 'sent'`.execute(db);
    expect(rows).toHaveLength(1);
  });

  it.each([
    ["as a fragment", () => sql`${sql.raw("commit")}`],
    ["behind nested comments", () => sql`/* a /* b */ c */ commit`],
    ["behind a literal", () => sql`select 'it''s; so'; commit`],
  ])("refuses a commit %s", async (name, statement) => {
    const failing = handle(name, (tx) => statement().execute(tx));
    await expect(failing).rejects.toEqual(expect.objectContaining({ name: "PermanentError" }));
  });

  it.each([
    ["a block", () => sql`do $$ begin perform 1; end $$`],
    ["a literal", () => sql`select 'read this; end of story'`],
    ["an escaped literal", () => sql`select e'read \\'this; end of story'`],
    ["a name", () => sql`select 1 as "so; end"`],
    ["a comment", () => sql`select 1 -- so; end`],
  ])("allows %s that mentions an end", async (name, statement) => {
    await expect(handle(name, (tx) => statement().execute(tx))).resolves.toBeUndefined();
  });
});
