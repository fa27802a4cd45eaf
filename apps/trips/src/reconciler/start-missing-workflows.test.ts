import { createLogger } from "@fanfare/service";
import { describe, expect, it } from "vitest";
import { aTrip } from "../../test/a-trip.ts";
import type { TripRow } from "../registry/tables.ts";
import type { Reply } from "../temporal/trip-workflows.ts";
import { type SweeperDeps, sweep } from "./start-missing-workflows.ts";

const options = { batch: 10, leaseDurationMs: 1_000 };
const never = new AbortController().signal;

function overdue(...tripIds: string[]): TripRow[] {
  return tripIds.map((trip_id) => aTrip({ trip_id }));
}

/** sweeperOf takes the batches one after the other, and answers each launch as `reply` says. */
function sweeperOf(batches: TripRow[][], reply: (tripId: string) => Reply<"launched">) {
  const launched: string[] = [];
  const deps: SweeperDeps = {
    registry: { claimUnstarted: async () => batches.shift() ?? [] },
    workflows: {
      async launch({ tripId }) {
        launched.push(tripId);
        return reply(tripId);
      },
    },
    logger: createLogger({ name: "sweeper-test", level: "silent" }),
  };
  return { deps, launched };
}

const answered: Reply<"launched"> = { kind: "answered", outcome: "launched" };

describe("sweep()", () => {
  it("starts the workflow of each trip that is overdue", async () => {
    const { deps, launched } = sweeperOf([overdue("a", "b")], () => answered);
    await sweep(never, deps, options);
    expect(launched).toEqual(["a", "b"]);
  });

  it("goes on after a trip whose workflow is over", async () => {
    const { deps, launched } = sweeperOf([overdue("a", "b")], (tripId) =>
      tripId === "a" ? { kind: "gone" } : answered,
    );
    await sweep(never, deps, options);
    expect(launched).toEqual(["a", "b"]);
  });

  it("leaves the rest of the batch alone when Temporal is away or does not answer", async () => {
    const away = sweeperOf([overdue("a", "b")], () => ({ kind: "away", cause: new Error("away") }));
    await expect(sweep(never, away.deps, options)).rejects.toThrow("away");
    expect(away.launched).toEqual(["a"]);
    const late = sweeperOf([overdue("a", "b")], () => ({ kind: "late" }));
    await expect(sweep(never, late.deps, options)).rejects.toThrow("no answer");
    expect(late.launched).toEqual(["a"]);
  });
});
