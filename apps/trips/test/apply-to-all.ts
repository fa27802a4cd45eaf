import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import type { TripRow } from "../src/registry/tables.ts";
import type { Transition } from "../src/registry/transitions.ts";
import { now, tripRows } from "./trip-rows.ts";

/**
 * Applies a transition to a trip in each state. Returns, by the name of the state, the new status, "-" for
 * no change, or "refused".
 */
export function applyToAll(transition: Transition): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tripRows).map(([name, trip]) => [name, apply(transition, trip)]),
  );
}

function apply(transition: Transition, trip: TripRow): string {
  try {
    const patch = transition(trip, now);
    return patch === undefined ? "-" : String(patch.status);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    expect(code).toBe(Code.FailedPrecondition);
    expect(rawMessage).toContain(`is ${trip.status}`);
    return "refused";
  }
}
