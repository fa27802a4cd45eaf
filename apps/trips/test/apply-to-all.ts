import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import type { Transition } from "../src/registry/transitions.ts";
import { tripRows } from "./trip-rows.ts";

type Name = keyof typeof tripRows;

/**
 * Applies a transition to a trip in each state. Returns, by the name of the state, the new status, "-" for
 * no change, or "refused".
 */
export function applyToAll(transition: Transition): Record<string, string> {
  const names = Object.keys(tripRows) as Name[];
  return Object.fromEntries(names.map((name) => [name, apply(transition, name)]));
}

function apply(transition: Transition, name: Name): string {
  try {
    const patch = transition(tripRows[name]);
    return patch === undefined ? "-" : String(patch.status);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    expect(code).toBe(Code.FailedPrecondition);
    expect(rawMessage).toContain(`is ${tripRows[name].status}`);
    return "refused";
  }
}
