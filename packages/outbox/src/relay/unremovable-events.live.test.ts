import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { asLogin } from "../../test/as-login.ts";
import { connectNotes, createRecordingBus, type NotesDatabase } from "../../test/notes.ts";
import { long, type RelayLab, startRelayLab } from "../../test/relay-lab.ts";
import { startRelay } from "./start-relay.ts";

/** A database that does not let the relay remove events, and the way back. */
interface Obstacle {
  readonly name: string;
  readonly raise: readonly string[];
  readonly remove: readonly string[];
}

const createTrigger = (body: string, timing = "trigger refuse before delete") => [
  `create function refuse() returns trigger language plpgsql as $$ begin ${body}; end $$`,
  `create ${timing} on outbox ${timing.includes("deferred") ? "" : ""}for each row execute function refuse()`,
];
const dropTrigger = ["drop trigger refuse on outbox", "drop function refuse()"];

const obstacles: readonly Obstacle[] = [
  {
    name: "is read-only",
    raise: ["alter database notes set default_transaction_read_only = on"],
    remove: [
      "set default_transaction_read_only = off",
      "alter database notes reset default_transaction_read_only",
    ],
  },
  {
    name: "has revoked the privilege to delete",
    raise: ["revoke delete on outbox from notes"],
    remove: ["grant delete on outbox to notes"],
  },
  {
    name: "has a full disk",
    raise: createTrigger("raise exception 'could not extend file' using errcode = '53100'"),
    remove: dropTrigger,
  },
  {
    name: "keeps rows by a trigger, without an error",
    raise: createTrigger("return null"),
    remove: dropTrigger,
  },
];

describe("a relay that cannot remove events", { timeout: 120_000 }, () => {
  let lab: RelayLab;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    lab = await startRelayLab();
    ({ db } = lab);
  }, 60_000);
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  }, 60_000);
  beforeEach(() => lab.clear());

  async function run(statements: readonly string[]): Promise<void> {
    await db.connection().execute(async (connection) => {
      for (const statement of statements) await sql.raw(statement).execute(connection);
    });
  }

  it.each(obstacles)(
    "publishes nothing while the database $name, reports it, and publishes once afterwards",
    async ({ raise, remove }) => {
      const bus = createRecordingBus();
      for (let number = 0; number < 5; number++) await lab.commit("Ada", number);
      await run(raise);
      // New connections, which have the new settings.
      const pool = connectNotes(lab.url);
      await using publishing = startRelay(pool, bus, {
        services: [NoteEvents],
        pollIntervalMs: 5,
      });
      await expect.poll(() => publishing.health().failures, long).toBeGreaterThan(3);
      expect(bus.stored).toEqual([]);
      // The worker that finds all events with the other one does not clear the error of that.
      const reported = new Set<string | undefined>();
      const sample = () => {
        const { failures, lastError } = publishing.health();
        reported.add(lastError?.message);
        return failures;
      };
      const { failures } = publishing.health();
      await expect.poll(sample, { ...long, interval: 2 }).toBeGreaterThan(failures + 2);
      for (const message of reported) {
        expect(message).toMatch(/read-only|permission denied|extend file|cannot remove/);
      }
      await run(remove);
      // Connections from before the change keep the setting.
      await asLogin(db, (tx) =>
        sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and usename = session_user
            and pid <> pg_backend_pid()`.execute(tx),
      );
      await lab.waitUntilEmpty();
      expect(bus.stored.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
      await expect.poll(() => publishing.health().lastError, long).toBeUndefined();
      await publishing.stop();
      await pool.destroy();
    },
  );

  it("publishes once while each commit of the removal fails", async () => {
    const bus = createRecordingBus();
    await run([
      "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not yet'; end $$",
      "create constraint trigger refuse after delete on outbox deferrable initially deferred for each row execute function refuse()",
    ]);
    for (let number = 0; number < 5; number++) await lab.commit("Ada", number);
    await using publishing = lab.startRelay(bus);
    await expect.poll(() => publishing.health().failures, long).toBeGreaterThan(3);
    expect(bus.stored.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
    await run(dropTrigger);
    await lab.waitUntilEmpty();
    expect(bus.stored).toHaveLength(5);
  });
});
