import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { startPostgres } from "@fanfare/dev-stack";
import type { Kysely, Transaction } from "kysely";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRecordedLogger } from "../../test/recorded-logger.ts";
import type { Database } from "../database/open-database.ts";
import { openDatabase } from "../database/open-database.ts";
import { EchoService, SayRequestSchema } from "../gen/fanfare/echo/v1/echo_pb.ts";
import { idempotencyMigration, tombstonesMigration } from "./idempotency-migration.ts";
import { runOnce } from "./run-once.ts";
import { tombstone } from "./tombstone.ts";

interface Tables {
  effects: { key: string };
}

const refused = (code: Code) => expect.objectContaining({ code });

describe("runOnce() and tombstone()", { timeout: 60_000 }, () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let database: Database<Tables>;
  beforeAll(async () => {
    postgres = await startPostgres();
    database = openDatabase<Tables>({
      url: await postgres.createDatabase("effects"),
      name: "effects",
      migrations: {
        "001-idempotency": idempotencyMigration,
        "002-effects": {
          up: async (db) => void (await sql`create table effects (key text)`.execute(db)),
        },
      },
      logger: createRecordedLogger().logger,
    });
    await database.waitForMigrations();
  }, 60_000);
  afterAll(async () => {
    await database?.close();
    await postgres?.stop();
  });

  const transact = <T>(run: (tx: Transaction<Tables>) => Promise<T>): Promise<T> =>
    database.db.transaction().execute(run);

  async function say(tx: Transaction<Tables>, key: string, text = "hello"): Promise<string> {
    const request = create(SayRequestSchema, { text });
    const answer = await runOnce(tx, { key, method: EchoService.method.say, request }, async () => {
      await tx.insertInto("effects").values({ key }).execute();
      return { text: `${text} ${crypto.randomUUID()}` };
    });
    return answer.text;
  }

  async function effects(key: string, db: Kysely<Tables> = database.db): Promise<number> {
    const rows = await db.selectFrom("effects").where("key", "=", key).selectAll().execute();
    return rows.length;
  }

  it("returns the first response to a repeated call, and runs nothing", async () => {
    const first = await transact((tx) => say(tx, "repeated"));
    expect(await transact((tx) => say(tx, "repeated"))).toBe(first);
    expect(await effects("repeated")).toBe(1);
  });

  it("runs once for a hundred concurrent calls", async () => {
    const calls = Array.from({ length: 100 }, () => transact((tx) => say(tx, "crowded")));
    expect(new Set(await Promise.all(calls)).size).toBe(1);
    expect(await effects("crowded")).toBe(1);
  });

  it("refuses another request under the same key, and runs nothing", async () => {
    await transact((tx) => say(tx, "taken", "one"));
    await expect(transact((tx) => say(tx, "taken", "two"))).rejects.toEqual(
      refused(Code.AlreadyExists),
    );
    expect(await effects("taken")).toBe(1);
  });

  it("stores nothing when the call throws", async () => {
    const refusing = transact(async (tx) => {
      await say(tx, "refused", "one");
      throw new ConnectError("declined", Code.FailedPrecondition);
    });
    await expect(refusing).rejects.toThrow("declined");
    expect(await effects("refused")).toBe(0);
    await transact((tx) => say(tx, "refused", "two"));
    expect(await effects("refused")).toBe(1);
  });

  it("stores nothing when the call throws and its transaction commits", async () => {
    const request = create(SayRequestSchema, { text: "x" });
    const options = { key: "survived", method: EchoService.method.say, request };
    await transact(async (tx) => {
      await runOnce(tx, options, () => Promise.reject(new Error("no"))).catch(() => {});
    });
    await transact((tx) => say(tx, "survived", "another"));
    expect(await effects("survived")).toBe(1);
  });

  it("refuses every call after a tombstone, whether the key was used before or not", async () => {
    await transact((tx) => say(tx, "done and compensated"));
    for (const key of ["done and compensated", "never done"]) {
      const before = await effects(key);
      await transact((tx) => tombstone(tx, key));
      await transact((tx) => tombstone(tx, key));
      await expect(transact((tx) => say(tx, key))).rejects.toEqual(
        refused(Code.FailedPrecondition),
      );
      await expect(transact((tx) => say(tx, key))).rejects.toThrow("was compensated");
      expect(await effects(key)).toBe(before);
    }
  });

  it("makes a compensation wait for a running step and see its effect", async () => {
    const running = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const step = transact(async (tx) => {
      await say(tx, "overtaken");
      running.resolve();
      await finish.promise;
    });
    await running.promise;
    const compensation = transact(async (tx) => {
      await tombstone(tx, "overtaken");
      return await effects("overtaken", tx);
    });
    finish.resolve();
    await step;
    expect(await compensation).toBe(1);
  });

  it("makes a step wait for a running compensation, and refuses it", async () => {
    const running = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const compensation = transact(async (tx) => {
      await tombstone(tx, "too late");
      running.resolve();
      await finish.promise;
    });
    await running.promise;
    const step = transact((tx) => say(tx, "too late"));
    finish.resolve();
    await compensation;
    await expect(step).rejects.toEqual(refused(Code.FailedPrecondition));
    expect(await effects("too late")).toBe(0);
  });

  it("refuses a compensated call after its key was pruned, whether it was made before or not", async () => {
    await transact((tx) => say(tx, "pruned"));
    for (const key of ["pruned", "pruned before its first call"]) {
      await transact((tx) => tombstone(tx, key));
      await sql`delete from idempotency_keys where key = ${key}`.execute(database.db);
      await expect(transact((tx) => say(tx, key))).rejects.toEqual(
        refused(Code.FailedPrecondition),
      );
    }
    expect(await effects("pruned")).toBe(1);
  });

  it("keeps the tombstones of a database that had none in a table of their own", async () => {
    await transact((tx) => tombstone(tx, "old"));
    await sql`drop table idempotency_tombstones`.execute(database.db);
    await tombstonesMigration.up(database.db);
    await tombstonesMigration.up(database.db);
    await sql`delete from idempotency_keys where key = ${"old"}`.execute(database.db);
    await expect(transact((tx) => say(tx, "old"))).rejects.toEqual(
      refused(Code.FailedPrecondition),
    );
  });

  it("refuses the same request to another method", async () => {
    await transact((tx) => say(tx, "method", "x"));
    const request = create(EchoService.method.forget.input);
    const forget = transact((tx) =>
      runOnce(tx, { key: "method", method: EchoService.method.forget, request }, async () => ({})),
    );
    await expect(forget).rejects.toEqual(refused(Code.AlreadyExists));
  });
});
