import { describe, expect, it } from "vitest";
import { notify } from "./notify.ts";

/** A promise of another library, which rejects. */
const foreign = {
  // oxlint-disable-next-line unicorn/no-thenable -- What users pass.
  then: (_: unknown, reject: (reason: string) => void) => reject("foreign"),
};

/** A proxy of a remote call is a function, and is awaited all the same. */
const remote = Object.assign(() => {}, {
  // oxlint-disable-next-line unicorn/no-thenable -- What users pass.
  then: (_: unknown, reject: (reason: string) => void) => reject("remote"),
});

function fail(reason: unknown): never {
  throw reason;
}

describe("isolation", () => {
  it("passes on what a listener throws or rejects with, whatever it is", async () => {
    const reasons: unknown[] = [];
    const onError = (reason: unknown) => void reasons.push(reason);
    notify(
      () => {
        throw "thrown";
      },
      [],
      onError,
    );
    notify(
      async () => {
        throw "rejected";
      },
      [],
      onError,
    );
    notify(() => foreign, [], onError);
    notify(() => remote, [], onError);
    await expect.poll(() => reasons).toEqual(["thrown", "rejected", "foreign", "remote"]);
  });

  it("passes the arguments, and does nothing without a listener", () => {
    const calls: unknown[] = [];
    notify((...args: [string, number]) => calls.push(args), ["a", 1], fail);
    notify(undefined, ["b"], fail);
    expect(calls).toEqual([["a", 1]]);
  });
});
