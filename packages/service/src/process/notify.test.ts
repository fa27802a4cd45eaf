import { describe, expect, it, vi } from "vitest";
import { createOddReasons } from "../../test/odd-reasons.ts";
import { notify } from "./notify.ts";

describe("notify()", () => {
  it("passes what a listener throws or rejects with to onError", async () => {
    const reasons: unknown[] = [];
    const onError = (reason: unknown) => reasons.push(reason);
    const thrown = Object.values(createOddReasons());
    for (const reason of thrown) {
      notify(
        () => {
          throw reason;
        },
        [],
        onError,
      );
      notify(() => Promise.reject(reason), [], onError);
    }
    await vi.waitFor(() => expect(reasons).toHaveLength(2 * thrown.length));
  });

  it("emits one warning of the process for each failure", () => {
    const emitWarning = vi.spyOn(process, "emitWarning").mockReturnValue();
    notify(() => {
      throw new Error("no disk");
    }, []);
    expect(emitWarning.mock.calls).toEqual([["a listener failed: no disk"]]);
    emitWarning.mockRestore();
  });

  it("passes the arguments, and does nothing without a listener", () => {
    const listener = vi.fn<(text: string, count: number) => void>();
    notify(listener, ["a", 1]);
    notify(undefined, []);
    expect(listener.mock.calls).toEqual([["a", 1]]);
  });
});
