import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NotesDatabase } from "../../test/notes.ts";
import { type RelayLab, startRelayLab } from "../../test/relay-lab.ts";
import { createOutboxMetrics } from "../metrics.ts";
import { listRejectedEvents } from "./list-rejected-events.ts";
import { readOutboxState } from "./read-outbox-state.ts";

describe("readOutboxState() and listRejectedEvents()", { timeout: 60_000 }, () => {
  let lab: RelayLab;
  let db: Kysely<NotesDatabase>;
  beforeAll(async () => {
    lab = await startRelayLab();
    ({ db } = lab);
  }, 60_000);
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  }, 60_000);

  it("returns the number of waiting and rejected events, and the age of the oldest", async () => {
    expect(await readOutboxState(db)).toEqual({ waiting: 0, oldestMs: 0, rejected: 0 });
    await lab.commit("old", 1);
    await lab.commit("gone", 2);
    await sql`update outbox set written_at = now() - interval '1 minute' where event_id = 'old/1'`.execute(
      db,
    );
    await sql`
      update outbox set rejected_at = now(), rejected_code = 'too_large', rejected_reason = 'big'
      where event_id = 'gone/2'`.execute(db);
    const state = await readOutboxState(db);
    expect(state).toMatchObject({ waiting: 1, rejected: 1 });
    expect(state.oldestMs).toBeGreaterThanOrEqual(60_000);
    const [, oldest] = await createOutboxMetrics(db)();
    const seconds = oldest?.samples[0]?.value ?? 0;
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThan(3_600);
    expect(await listRejectedEvents(db)).toMatchObject([
      { topic: "notes.written", id: "gone/2", key: "gone", code: "too_large", reason: "big" },
    ]);
  });
});
