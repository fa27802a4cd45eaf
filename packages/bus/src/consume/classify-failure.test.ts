import { describe, expect, it } from "vitest";
import { BusError } from "../error.ts";
import { type Classify, classifyFailure } from "./classify-failure.ts";
import { DependencyUnavailableError, PermanentError } from "./handler-errors.ts";

/** Loads the module a second time, as a process does that has two copies of the package. */
async function loadCopy(): Promise<typeof import("./handler-errors.ts")> {
  const url = "./handler-errors.ts?copy";
  return await import(url);
}

function classify(reason: unknown, option?: Classify) {
  const errors: unknown[] = [];
  return { kind: classifyFailure(reason, option, (error) => errors.push(error)), errors };
}

const option: Classify = (reason) => (reason === "gone" ? "pause" : undefined);

describe("verdict", () => {
  it("is decided by the class of the error, of any copy of the package", async () => {
    const copy = await loadCopy();
    for (const { PermanentError: Permanent, DependencyUnavailableError: Unavailable } of [
      { PermanentError, DependencyUnavailableError },
      copy,
    ]) {
      expect(classify(new Permanent("no")).kind).toBe("dead-letter");
      expect(classify(new Unavailable("down")).kind).toBe("pause");
    }
  });

  it("takes every other error for an ordinary failure", () => {
    const codes = ["undecodable", "unavailable", "invalid_argument", "internal"] as const;
    for (const code of codes) expect(classify(new BusError(code, "no")).kind).toBe("retry");
    for (const reason of [new Error("no"), "no", null, undefined, Object.create(null)]) {
      expect(classify(reason).kind).toBe("retry");
    }
  });

  it("is mapped by classify, which may leave it to the bus", () => {
    expect(classify("gone", option).kind).toBe("pause");
    expect(classify("other", option).kind).toBe("retry");
    expect(classify(new PermanentError("no"), option).kind).toBe("dead-letter");
    expect(classify(new PermanentError("no"), () => "retry").kind).toBe("retry");
  });

  it("is an ordinary failure when classify throws, and the reason is reported", () => {
    const bug = new Error("bug");
    const throwing = classify(new PermanentError("no"), () => {
      throw bug;
    });
    expect(throwing).toEqual({ kind: "retry", errors: [bug] });
    expect(classify("no", () => JSON.parse("7"))).toMatchObject({
      kind: "retry",
      errors: [{ code: "invalid_argument" }],
    });
  });
});
