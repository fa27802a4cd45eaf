import { setImmediate as nextTurn } from "node:timers/promises";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asLogin } from "../../test/as-login.ts";
import {
  createDelivery,
  type FaresDatabase,
  listFares,
  openFares,
  type Trip,
} from "../../test/fares.ts";
import { inboxBatch } from "./inbox-batch.ts";

describe("an aborted event of a batch", { timeout: 60_000 }, () => {
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

  it("rejects only the event whose signal aborted", async () => {
    const controller = new AbortController();
    const entered = Promise.withResolvers<void>();
    let calls = 0;
    const handle = inboxBatch<Trip, FaresDatabase>(db, async (events, tx) => {
      calls += 1;
      await tx
        .insertInto("fares")
        .values(events.map(({ message }) => ({ trip_id: message.tripId })))
        .execute();
      if (calls > 1) return;
      entered.resolve();
      await sql`select pg_sleep(600)`.execute(tx);
    });
    const late = handle(
      { tripId: "late-1" },
      createDelivery("late-1", { signal: controller.signal }),
    );
    const fine = handle({ tripId: "late-2" }, createDelivery("late-2"));
    await entered.promise;
    controller.abort(new Error("aborted"));
    await expect(late).rejects.toThrow("aborted");
    const { rows } = await asLogin(db, (tx) =>
      sql`
        select from pg_stat_activity where state = 'active' and query like '%sleep(600)%'
          and pid <> pg_backend_pid()`.execute(tx),
    );
    expect(rows).toEqual([]);
    await fine;
    await nextTurn();
    expect(await listFares(db, "late")).toEqual(["late-2"]);
  });

  it("rejects an event at its abort while it waits behind a slow batch", async () => {
    const release = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const seen: string[] = [];
    const handle = inboxBatch<Trip, FaresDatabase>(db, async (events) => {
      seen.push(...events.map(({ message }) => message.tripId));
      entered.resolve();
      await release.promise;
    });
    const hanging = handle({ tripId: "hangs" }, createDelivery("hangs"));
    await entered.promise;
    const controller = new AbortController();
    const { signal } = controller;
    const behind = handle({ tripId: "behind" }, createDelivery("behind", { signal }));
    const fine = handle({ tripId: "fine" }, createDelivery("fine"));
    controller.abort(new Error("aborted"));
    await expect(behind).rejects.toThrow("aborted");
    release.resolve();
    await Promise.all([hanging, fine]);
    expect(seen).toEqual(["hangs", "fine"]);
  });

  it("rejects an event at its abort while it waits for the other half of a failed batch", async () => {
    const release = Promise.withResolvers<void>();
    const halved = Promise.withResolvers<void>();
    let calls = 0;
    const handle = inboxBatch<Trip, FaresDatabase>(db, async (events) => {
      calls += 1;
      if (events.length > 1) throw new Error("fails together");
      halved.resolve();
      await release.promise;
    });
    const controller = new AbortController();
    const { signal } = controller;
    const first = handle({ tripId: "half-1" }, createDelivery("half-1"));
    const second = handle({ tripId: "half-2" }, createDelivery("half-2", { signal }));
    await halved.promise;
    controller.abort(new Error("aborted"));
    await expect(second).rejects.toThrow("aborted");
    release.resolve();
    await first;
    expect(calls).toBe(2);
  });
});
