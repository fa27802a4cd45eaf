import { BusError } from "@fanfare/bus";
import { describe, expect, it } from "vitest";
import { createDeadline, pauseUntil, remainingMs, withDeadline } from "./deadline.ts";

const never = new Promise<never>(() => {});

describe("withDeadline()", () => {
  it("settles as the promise does", async () => {
    const deadline = createDeadline(60_000);
    await expect(withDeadline(Promise.resolve(1), deadline, "reading")).resolves.toBe(1);
    const failed = Promise.reject(new Error("no"));
    await expect(withDeadline(failed, deadline, "reading")).rejects.toThrow("no");
  });

  it("rejects with deadline_exceeded at the deadline", async () => {
    await expect(withDeadline(never, createDeadline(1), "reading")).rejects.toMatchObject({
      code: "deadline_exceeded",
      message: expect.stringContaining("reading: not finished by the deadline"),
    });
  });

  it("rejects with aborted, or the signal's own BusError, when the signal aborts", async () => {
    const deadline = createDeadline(60_000, AbortSignal.abort());
    await expect(withDeadline(never, deadline, "reading")).rejects.toMatchObject({
      code: "aborted",
    });
    const reason = new BusError("unavailable", "stopping");
    const stopping = createDeadline(60_000, AbortSignal.abort(reason));
    await expect(withDeadline(never, stopping, "reading")).rejects.toBe(reason);
  });
});

describe("pauseUntil()", () => {
  it("ends at the deadline", async () => {
    await expect(pauseUntil(60_000, createDeadline(1))).resolves.toBeUndefined();
  });
});

describe("remainingMs()", () => {
  it("returns a delay that a timer can have", () => {
    expect(remainingMs(0)).toBe(0);
    expect(remainingMs(Infinity)).toBe(2 ** 31 - 1);
  });
});
