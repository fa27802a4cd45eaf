import { createPublisher, PermanentError } from "@fanfare/bus";
import { connectNats } from "@fanfare/bus-nats";
import { Action } from "@fanfare/contracts/operators/v1/operators";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { type Nats, startNats, waitUntil } from "@fanfare/dev-stack";
import { connect, headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOperatorLog, type TestOperatorLog } from "../../test/operator-log.ts";
import { type Ran, runFanfare } from "../../test/run-fanfare.ts";

const trip = (number: number) => `0b0a8c5e-6f0c-4c39-9f4e-00000000000${number}`;

describe("fanfare dead-letters", { timeout: 120_000 }, () => {
  let nats: Nats;
  let env: NodeJS.ProcessEnv;
  let log: TestOperatorLog;

  beforeAll(async () => {
    const { NATS_URL: _, ...others } = process.env;
    nats = await startNats({ env: others });
    log = await startOperatorLog();
    env = { ...others, NATS_URL: nats.url, FANFARE_URL: log.url, FANFARE_TOKEN: "token" };
    await deadLetterFour(nats.url);
  }, 120_000);
  afterAll(async () => {
    await log?.[Symbol.asyncDispose]();
    await nats?.stop();
  });

  const deadLetters = (...args: string[]): Promise<Ran> =>
    runFanfare(["dead-letters", ...args], env);
  const listed = async (...args: string[]): Promise<{ id: string; sequence: number }[]> =>
    JSON.parse((await deadLetters("list", ...args, "--json")).stdout);
  const groups = async (): Promise<string> => (await runFanfare(["groups"], env)).stdout;

  it("lists by group, by error, by cause and by id", async () => {
    const { stdout } = await deadLetters("list");
    expect(stdout).toMatch(/^group +sequence +topic +id +cause +attempts +dead-lettered +error$/m);
    expect(stdout).toMatch(
      /^revenue +2 +trips\.completed +trip\/2 +permanent +1 +\d+ s ago +no such vehicle$/m,
    );
    expect(await listed()).toHaveLength(4);
    expect(await listed("audit")).toEqual([]);
    const listIds = async (...args: string[]) => (await listed(...args)).map(({ id }) => id);
    expect(await listIds("revenue", "--error", "SUCH vehicle")).toEqual(["trip/1", "trip/2"]);
    expect(await listIds("revenue", "--cause", "undecodable")).toEqual(["stranger"]);
    expect(await listIds("revenue", "--id", "trip/3", "--id", "trip/1")).toEqual([
      "trip/1",
      "trip/3",
    ]);
    const few = await deadLetters("list", "--limit", "2");
    expect(few.stdout).toContain("More than 2 dead letters: raise --limit");
  });

  it("counts them in `groups`, with the age of the oldest", async () => {
    expect(await groups()).toMatch(/^revenue +trips\.completed +0 +0 +0 +0 +- +4 +\d+ s +no$/m);
  });

  it("shows the message, or the bytes when it cannot be decoded", async () => {
    const shown = await deadLetters("show", "revenue", "--id", "trip/1");
    expect(shown.stdout).toMatch(/^error +no such vehicle$/m);
    expect(shown.stdout).toMatch(/^x-mood +très bien$/m);
    expect(shown.stdout).toContain(`"tripId": "${trip(1)}"`);
    const [stranger] = JSON.parse(
      (await deadLetters("show", "revenue", "--id", "stranger", "--json")).stdout,
    );
    expect(stranger).toMatchObject({ id: "stranger", data: Buffer.from([255]).toString("base64") });
    expect(stranger.undecodable).toContain("trips.v1.TripCompleted");
    const nobody = await deadLetters("show", "revenue", "--id", "nobody");
    expect(nobody).toMatchObject({ status: 1, stdout: "" });
    expect(nobody.stderr).toContain("no dead letter of the group revenue matches");
  });

  it("rejects an empty selection", async () => {
    for (const command of ["replay", "discard", "show"]) {
      const { status, stderr } = await deadLetters(command, "revenue");
      expect(status).toBe(1);
      expect(stderr).toContain("expected a selection");
    }
    expect(await listed()).toHaveLength(4);
  });

  it("replays to the group, and prints the outcome of each", async () => {
    const select = ["revenue", "--error", "vehicle", "--reason", "a new release"];
    const { stdout } = await deadLetters("replay", ...select);
    expect(stdout).toMatch(
      /^replayed +1 +trips\.completed +trip\/1 as event \d+\nreplayed +2 +trips\.completed +trip\/2 as event \d+\n$/,
    );
    expect((await listed()).map(({ id }) => id)).toEqual(["trip/3", "stranger"]);
    expect(await groups()).toMatch(
      /^revenue +trips\.completed +2 +0 +0 +0 +\d+ \w+ +2 +\d+ \w+ +no$/m,
    );
    const seen = await consume(nats.url, 2);
    expect(seen.toSorted()).toEqual(["trip/1 of revenue", "trip/2 of revenue"]);
    expect(log.entries).toMatchObject([
      {
        action: Action.REPLAY_DEAD_LETTERS,
        subject: "revenue",
        details: "trips.completed 1 (trip/1), trips.completed 2 (trip/2)",
        reason: "a new release",
        before: { stored: 2 },
      },
      {
        action: Action.REPLAY_DEAD_LETTERS,
        subject: "revenue",
        details: "outcome: 2 replayed",
        reason: "a new release",
        before: { stored: 2 },
        after: { stored: 0 },
      },
    ]);
    expect(log.entries[0]?.after).toBeUndefined();
  });

  it("does nothing when the operator log does not store the decision, unless it is told to", async () => {
    const before = await listed();
    log.refuses = true;
    for (const command of ["replay", "discard"]) {
      const { status, stderr } = await deadLetters(command, "revenue", "--all");
      expect(status).toBe(1);
      expect(stderr).toMatch(/^nothing is done, because the operator log at http.*--unlogged$/m);
    }
    expect(await listed()).toEqual(before);
    log.refuses = false;
  });

  it("keeps a dead letter whose replay is not stored", async () => {
    await using bus = await connectNats({ servers: nats.url });
    const admin = await connect({ servers: nats.url });
    await admin.request("$JS.API.STREAM.DELETE.fanfare_trips_completed");
    await admin.close();
    const select = ["revenue", "--id", "trip/3", "--unlogged"];
    const { status, stdout, stderr } = await deadLetters("replay", ...select);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^failed +3 +trips\.completed +trip\/3: .*has no stream/);
    expect(stderr).toContain("1 of 1 failed and are still stored");
    expect(await bus.deadLetters("revenue").list()).toHaveLength(2);
  });

  it("discards permanently", async () => {
    const { stdout } = await deadLetters("discard", "revenue", "--all", "--json", "--unlogged");
    expect(JSON.parse(stdout)).toMatchObject([
      { id: "trip/3", outcome: "discarded" },
      { id: "stranger", outcome: "discarded" },
    ]);
    expect(await listed()).toEqual([]);
  });
});

/** Dead-letters three trips and one message that cannot be decoded, in the group revenue. */
async function deadLetterFour(servers: string): Promise<void> {
  await using bus = await connectNats({ servers });
  const errors = ["no such vehicle", "no such vehicle", "a bug"];
  const subscription = await bus.subscribe(
    "revenue",
    (on) =>
      on.service(TripEvents, {
        tripCompleted: (_, { id }) => {
          throw new PermanentError(errors[Number(id.slice(5)) - 1] ?? "");
        },
      }),
    { concurrency: 1 },
  );
  const { tripCompleted } = createPublisher(TripEvents, bus);
  for (const number of [1, 2, 3]) {
    const options = { id: `trip/${number}`, headers: { "x-mood": "très bien" } };
    await tripCompleted({ tripId: trip(number) }, options);
  }
  const raw = await connect({ servers });
  const strange = headers();
  for (const [name, value] of Object.entries({
    "Nats-Msg-Id": "trips.completed/stranger",
    "ce-specversion": "1.0",
    "ce-id": "stranger",
    "ce-type": "trips.v1.TripCompleted",
    "ce-source": "//stranger",
  })) {
    strange.append(name, value);
  }
  await raw.request("fanfare.trips.completed.0", new Uint8Array([255]), {
    headers: strange,
    timeout: 10_000,
  });
  await raw.close();
  await waitUntil(() => subscription.health().deadLettered === 4, { what: "four dead letters" });
}

/** Consumes events as revenue and as audit, and returns which group received which. */
async function consume(servers: string, count: number): Promise<string[]> {
  await using bus = await connectNats({ servers });
  const seen: string[] = [];
  for (const group of ["revenue", "audit"]) {
    await bus.subscribe(group, (on) =>
      on.service(TripEvents, { tripCompleted: (_, { id }) => void seen.push(`${id} of ${group}`) }),
    );
  }
  await waitUntil(() => seen.length >= count, { what: `${count} events` });
  return seen;
}
