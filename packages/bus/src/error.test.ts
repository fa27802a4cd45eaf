import { describe, expect, it } from "vitest";
import { BusError } from "./error.ts";

/** Loads the module a second time, as a process does that has two copies of the package. */
async function loadCopy(): Promise<typeof import("./error.ts")> {
  const url = "./error.ts?copy";
  return await import(url);
}

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

describe("one bus, many copies", () => {
  it("recognizes a BusError of another copy", async () => {
    const copy = await loadCopy();
    expect(copy.BusError).not.toBe(BusError);
    const error = new copy.BusError("aborted", "closed account");
    expect(error).toBeInstanceOf(BusError);
    expect(new BusError("internal", "ours")).toBeInstanceOf(copy.BusError);
    expect(BusError.from(error)).toBe(error);
  });
});

describe("instanceof BusError", () => {
  it("is false for anything else, and never throws", () => {
    const others = [undefined, null, 7, "BusError", Symbol("no"), () => {}, {}, new Error("no")];
    for (const value of [...others, Object.create(null), new Proxy({}, {}), revoked]) {
      expect(value instanceof BusError).toBe(false);
    }
  });

  it("distinguishes subclasses", () => {
    class Refusal extends BusError {}
    const refusal = new Refusal("aborted", "no");
    expect([refusal instanceof Refusal, refusal instanceof BusError]).toEqual([true, true]);
    for (const value of [new BusError("aborted", "no"), revoked]) {
      expect(value instanceof Refusal).toBe(false);
    }
  });
});
