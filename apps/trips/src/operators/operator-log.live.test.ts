import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { findUnguardedMethods } from "@fanfare/access";
import { Action, OperatorLogService } from "@fanfare/contracts/operators/v1/operators";
import { catchRefusal } from "@fanfare/test-fixtures";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

function createReplay(subject: string = randomUUID()) {
  const action = Action.REPLAY_DEAD_LETTERS;
  return { entryId: randomUUID(), action, subject, details: "2, 3", reason: "fixed" };
}

describe("Append", () => {
  it("stores who decided what and why, once for each id", async () => {
    const request = createReplay();
    const calls = Array.from({ length: 5 }, () => api.operatorLog().append(request));
    const answers = await Promise.all(calls);
    for (const { entry } of answers) {
      expect(entry).toMatchObject({ ...request, operator: "otto", decidedAt: expect.anything() });
    }
    const { entries } = await api.operatorLog().list({ subject: request.subject });
    expect(entries).toEqual([answers[0]?.entry]);
  });

  it("stores how many of the dead letters are stored before and after", async () => {
    const request = { ...createReplay(), before: { stored: 3 }, after: { stored: 1 } };
    const { entry } = await api.operatorLog().append(request);
    expect(entry).toMatchObject({
      before: { state: { case: "deadLetters", value: { stored: 3 } } },
      after: { state: { case: "deadLetters", value: { stored: 1 } } },
    });
    const { entries } = await api.operatorLog().list({ subject: request.subject });
    expect(entries).toEqual([entry]);
    const negative = { ...createReplay(), before: { stored: -1 } };
    const refusal = await catchRefusal(api.operatorLog().append(negative));
    expect(refusal.code).toBe(Code.InvalidArgument);
  });

  it("refuses the id of another entry, and an action that TripsService logs", async () => {
    const request = createReplay();
    await api.operatorLog().append(request);
    const ada = api.operatorLog({ role: "operator", subject: "ada" });
    for (const other of [
      () => ada.append(request),
      () => api.operatorLog().append({ ...request, reason: "other" }),
      () => api.operatorLog().append({ ...request, details: "4" }),
    ]) {
      expect((await catchRefusal(other())).code).toBe(Code.AlreadyExists);
    }
    for (const action of [Action.UNSPECIFIED, Action.CANCEL_TRIP]) {
      const refusal = await catchRefusal(api.operatorLog().append({ ...createReplay(), action }));
      expect(refusal.code).toBe(Code.InvalidArgument);
    }
  });
});

describe("List", () => {
  it("returns pages, the newest first", async () => {
    const subject = randomUUID();
    const ids = [];
    for (let count = 0; count < 3; count++) {
      const { entry } = await api.operatorLog().append(createReplay(subject));
      ids.unshift(entry?.entryId);
    }
    const first = await api.operatorLog().list({ subject, pageSize: 2 });
    const second = await api.operatorLog().list({ subject, pageToken: first.nextPageToken });
    const listed = [...first.entries, ...second.entries].map(({ entryId }) => entryId);
    expect(listed).toEqual(ids);
    expect(second.nextPageToken).toBe("");
  });

  it("refuses a page token that is no position", async () => {
    const pageToken = Buffer.from('"9999999999999999999"').toString("base64url");
    const refusal = await catchRefusal(api.operatorLog().list({ pageToken }));
    expect(refusal.code).toBe(Code.InvalidArgument);
  });

  it("is for operators alone", async () => {
    expect(findUnguardedMethods([OperatorLogService])).toEqual([]);
    const rider = api.operatorLog({ role: "rider", subject: "rosa" });
    expect((await catchRefusal(rider.list({}))).code).toBe(Code.PermissionDenied);
    expect((await catchRefusal(rider.append(createReplay()))).code).toBe(Code.PermissionDenied);
  });
});

describe("the table", () => {
  it("keeps entries of older and newer versions readable", async () => {
    const subject = randomUUID();
    const newer = JSON.stringify({ trip: { status: "TRIP_STATUS_ENDED", mood: "calm" }, tide: 1 });
    for (const before of [null, newer]) {
      const entry = { entry_id: randomUUID(), operator: "otto", action: "RETRY_TRIP" } as const;
      await api.db
        .insertInto("operator_log")
        .values({ ...entry, subject, details: "capture", reason: "", before, after: null })
        .execute();
    }
    const { entries } = await api.operatorLog().list({ subject });
    expect(entries.map(({ before }) => before?.state.case)).toEqual(["trip", undefined]);
  });

  it("is append-only, for its owner as well", async () => {
    const { entryId } = createReplay();
    await api.operatorLog().append({ ...createReplay(), entryId });
    for (const change of [
      sql`update operator_log set operator = 'mallory' where entry_id = ${entryId}`,
      sql`delete from operator_log where entry_id = ${entryId}`,
      sql`truncate operator_log`,
    ]) {
      await expect(change.execute(api.db)).rejects.toThrow("the operator log is append-only");
    }
  });
});
