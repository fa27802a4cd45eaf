import { BusError } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { CamelCasePlugin, Kysely, ParseJSONResultsPlugin, PostgresDialect, sql } from "kysely";
import { Pool, types } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  connectNotes,
  createRecordingBus,
  type NotesDatabase,
  openNotes,
} from "../../test/notes.ts";
import { long, type RelayLab, startRelayLab, writeNote } from "../../test/relay-lab.ts";
import { listRejectedEvents } from "../outbox/list-rejected-events.ts";
import { outbox } from "../outbox/outbox.ts";
import { readOutboxState } from "../outbox/read-outbox-state.ts";
import { startRelay } from "./start-relay.ts";

const bytea: number = types.builtins.BYTEA;

/** Returns a parser that leaves every type but bytes as text. */
function parseAsText(type: number) {
  if (type === bytea) return types.getTypeParser(types.builtins.BYTEA);
  return (value: string) => value;
}

describe("a relay on a database with settings of its own", { timeout: 120_000 }, () => {
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

  it("publishes once in a database with a stricter default isolation level", async () => {
    const strictUrl = await lab.server.createDatabase("strict");
    const admin = await openNotes(strictUrl);
    await sql`alter database strict set default_transaction_isolation = 'repeatable read'`.execute(
      admin,
    );
    const bus = createRecordingBus();
    const strict = connectNotes(strictUrl, 10);
    const options = { services: [NoteEvents], pollIntervalMs: 1, batchSize: 20 };
    const relays = Array.from({ length: 4 }, () => startRelay(strict, bus, options));
    for (let round = 0; round < 30; round++) {
      await admin.transaction().execute(async (tx) => {
        for (let key = 0; key < 12; key++) await writeNote(tx, `author-${key}`, round);
      });
    }
    await expect.poll(async () => (await readOutboxState(admin)).waiting, long).toBe(0);
    await Promise.all(relays.map((one) => one.stop()));
    await Promise.all([admin.destroy(), strict.destroy()]);
    expect(bus.stored).toHaveLength(360);
    expect(relays.map((one) => one.health().failures)).toEqual([0, 0, 0, 0]);
  });

  it("ignores plugins and parsers that change rows", async () => {
    const altered = new Kysely<NotesDatabase>({
      dialect: new PostgresDialect({
        pool: new Pool({
          connectionString: lab.url,
          max: 5,
          types: { getTypeParser: parseAsText },
        }),
      }),
      plugins: [new ParseJSONResultsPlugin(), new CamelCasePlugin({ upperCase: true })],
    });
    const bus = createRecordingBus();
    bus.before = ({ number }) => {
      if (number === 2) throw new BusError("too_large", "it is too large");
    };
    const time = new Date("2026-11-21T10:00:00.123Z");
    const headers = { "x-trace": "abc" };
    const commitAltered = (number: number) =>
      altered
        .transaction()
        .execute((tx) =>
          outbox(tx, NoteEvents).noteWritten(
            { author: "Ada", number },
            { id: `{"id":${number}}`, headers, time },
          ),
        );
    const first = await commitAltered(1);
    expect(await commitAltered(1)).toEqual({ ...first, duplicate: true });
    await expect(commitAltered(1)).resolves.toMatchObject({ sequence: expect.any(Number) });
    await commitAltered(2);
    expect(await readOutboxState(altered)).toEqual({
      waiting: 2,
      oldestMs: expect.any(Number),
      rejected: 0,
    });
    await using publishing = startRelay(altered, bus, {
      services: [NoteEvents],
      pollIntervalMs: 20,
    });
    await lab.waitUntilEmpty();
    await publishing.stop();
    expect(publishing.health()).toEqual({ published: 1, duplicates: 0, rejected: 1, failures: 0 });
    expect(bus.stored).toMatchObject([{ id: `{"id":1}`, number: 1, options: { headers, time } }]);
    const [rejected] = await listRejectedEvents(altered);
    expect(rejected).toMatchObject({ id: `{"id":2}`, code: "too_large" });
    expect(rejected?.rejectedAt).toBeInstanceOf(Date);
    const { rows } = await sql<{ same: boolean }>`
      select date_trunc('milliseconds', rejected_at) = ${rejected?.rejectedAt} as same
      from outbox`.execute(db);
    expect(rows).toEqual([{ same: true }]);
    await altered.destroy();
  });
});
