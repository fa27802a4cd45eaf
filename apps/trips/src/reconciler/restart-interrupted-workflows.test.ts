import { createLogger } from "@fanfare/service";
import type { TripInput } from "@fanfare/trip-contract";
import { describe, expect, it } from "vitest";
import { aTrip, trips } from "../../test/a-trip.ts";
import type { TripRow } from "../registry/tables.ts";
import type { BrokenRun } from "../temporal/interrupted-workflows.ts";
import type { Reply } from "../temporal/trip-workflows.ts";
import { createRecoverer, type RecovererDeps } from "./restart-interrupted-workflows.ts";

const never = new AbortController().signal;
const logger = createLogger({ name: "recoverer-test", level: "silent" });
const tripId = aTrip().trip_id;
const terminated: BrokenRun = { tripId, runId: "run-1", status: "TERMINATED", recovery: false };

/** recovererOf finds the runs each time, and the trip in the registry. */
function recovererOf(
  trip: TripRow | undefined,
  runs: Reply<readonly BrokenRun[]>,
  open: readonly TripRow[] = [],
) {
  const recovered: TripInput[] = [];
  const asked: Date[] = [];
  const world = {
    reply: { kind: "answered", outcome: "launched" } as Reply<"launched">,
    has: { kind: "answered", outcome: false } as Reply<boolean>,
  };
  const deps: RecovererDeps = {
    registry: { find: async () => trip, claimOpen: async ({ limit }) => open.slice(0, limit) },
    workflows: {
      has: async () => world.has,
      async list(since) {
        asked.push(since);
        return runs;
      },
      async recover(input) {
        recovered.push(input);
        return world.reply;
      },
    },
    logger,
  };
  const recoverer = createRecoverer(deps, { batch: 2, leaseDurationMs: 1_000 });
  return { recoverer, recovered, asked, world };
}

const found = (...outcome: BrokenRun[]) => ({ kind: "answered", outcome }) as const;

describe("sweep() of the recoverer", () => {
  it("starts the workflow of a trip again, once for each run that was broken off", async () => {
    const { recoverer, recovered } = recovererOf(trips.pending, found(terminated));
    await recoverer.sweep(never);
    await recoverer.sweep(never);
    expect(recovered).toMatchObject([
      { tripId, recovery: { reason: "its workflow was terminated", versionFloor: 1_000_000 } },
    ]);
    expect(recovered[0]?.recovery).not.toHaveProperty("startedAt");
  });

  it("says when the drive began, and what is published already", async () => {
    const trip = {
      ...trips.settled,
      broadcast: "PUBLISHED",
      compensation_version: "3000002",
    } as const;
    const { recoverer, recovered } = recovererOf(trip, found(terminated));
    await recoverer.sweep(never);
    expect(recovered[0]?.recovery).toEqual({
      reason: "its workflow was terminated",
      versionFloor: 4_000_000,
      startedAt: trip.started_at?.toISOString(),
      published: true,
    });
  });

  it("leaves alone what is compensated, what is no trip, and what broke off again by an error", async () => {
    const compensated = recovererOf(trips.cancelled, found(terminated));
    const unknown = recovererOf(undefined, found(terminated, { ...terminated, tripId: "x" }));
    const failed = { ...terminated, status: "FAILED", recovery: true };
    const again = recovererOf(trips.pending, found(failed));
    for (const { recoverer, recovered } of [compensated, unknown, again]) {
      await recoverer.sweep(never);
      expect(recovered).toEqual([]);
    }
  });

  it("goes on after a trip whose workflow has come to its end meanwhile", async () => {
    const two = found(terminated, { ...terminated, runId: "run-2" });
    const { recoverer, recovered, world } = recovererOf(trips.active, two);
    world.reply = { kind: "gone" };
    await recoverer.sweep(never);
    expect(recovered).toHaveLength(2);
  });

  it("looks at the same again when Temporal was away, later only at what is new", async () => {
    const { recoverer, recovered, asked, world } = recovererOf(trips.active, found(terminated));
    world.reply = { kind: "away", cause: new Error("away") };
    await expect(recoverer.sweep(never)).rejects.toThrow("away");
    world.reply = { kind: "answered", outcome: "launched" };
    await recoverer.sweep(never);
    await recoverer.sweep(never);
    expect(recovered).toHaveLength(2);
    expect(asked.map((since) => since.getTime() > 0)).toEqual([false, false, true]);
  });

  it("starts the workflow of an open trip again that Temporal knows nothing of", async () => {
    const { recoverer, recovered, world } = recovererOf(trips.active, found(), [trips.pending]);
    await recoverer.sweep(never);
    // By what the registry says now, not when the trip was claimed.
    const startedAt = trips.active.started_at?.toISOString();
    const reason = "its workflow is gone from Temporal";
    expect(recovered).toMatchObject([{ tripId, recovery: { reason, startedAt } }]);
    world.reply = { kind: "gone" };
    await recoverer.sweep(never);
    expect(recovered).toHaveLength(2);
  });

  it("leaves an open trip alone whose workflow is there, or that was compensated meanwhile", async () => {
    const there = recovererOf(trips.active, found(), [trips.active]);
    there.world.has = { kind: "answered", outcome: true };
    const compensated = recovererOf(trips.cancelled, found(), [trips.compensating]);
    for (const { recoverer, recovered } of [there, compensated]) {
      await recoverer.sweep(never);
      expect(recovered).toEqual([]);
    }
  });

  it("takes no trip for gone while Temporal is away, or late", async () => {
    const { recoverer, recovered, world } = recovererOf(trips.active, found(), [trips.active]);
    world.has = { kind: "away", cause: new Error("away") };
    await expect(recoverer.sweep(never)).rejects.toThrow("away");
    world.has = { kind: "late" };
    await expect(recoverer.sweep(never)).rejects.toThrow("no answer");
    expect(recovered).toEqual([]);
  });
});
