import { describe, expect, it } from "vitest";
import { createResourceStack } from "./resources.ts";

const unexpected = (error: Error) => {
  throw error;
};

describe("createResourceStack()", () => {
  it("closes in reverse order, by each resource's own method, after it aborted the signal", async () => {
    const { resources, ...stack } = createResourceStack(unexpected);
    const closed: string[] = [];
    resources.use({ close: async () => void closed.push(`close ${resources.signal.aborted}`) });
    resources.use({ stop: async ({ timeoutMs }) => void closed.push(`stop ${timeoutMs > 0}`) });
    resources.use({ [Symbol.asyncDispose]: async () => void closed.push("async dispose") });
    resources.use({ [Symbol.dispose]: () => void closed.push("dispose") });
    resources.defer(() => void closed.push("defer"));
    expect(await stack.closeAll({ timeoutMs: 1000 })).toEqual([]);
    expect(closed).toEqual(["defer", "dispose", "async dispose", "stop true", "close true"]);
  });

  it("continues past closes that fail or do not end, and returns them", async () => {
    const { resources, ...stack } = createResourceStack(unexpected);
    const closed: string[] = [];
    resources.defer(() => void closed.push("first"));
    resources.defer(() => new Promise(() => {}));
    resources.defer(() => Promise.reject(new Error("broken")));
    const failures = await stack.closeAll({ timeoutMs: 50 });
    expect(closed).toEqual(["first"]);
    expect(failures.map(({ message }) => message)).toEqual([
      "a resource failed to close",
      "a resource did not close in time",
    ]);
  });

  it("closes a resource at once that opens while the process stops", async () => {
    const { resources, ...stack } = createResourceStack(unexpected);
    await stack.closeAll({ timeoutMs: 50 });
    const closed = Promise.withResolvers<string>();
    resources.defer(() => closed.resolve("late"));
    expect(await closed.promise).toBe("late");
  });

  it("reports watched work that fails or ends before the stop", async () => {
    const failed = Promise.withResolvers<Error>();
    const { resources } = createResourceStack(failed.resolve);
    resources.watch("the worker", Promise.reject(new Error("broken")));
    expect(await failed.promise).toMatchObject({
      message: "the worker failed",
      cause: { message: "broken" },
    });

    const ended = Promise.withResolvers<Error>();
    createResourceStack(ended.resolve).resources.watch("the worker", Promise.resolve());
    expect(await ended.promise).toMatchObject({ message: "the worker ended unexpectedly" });

    const stopping = createResourceStack(unexpected);
    await stopping.closeAll({ timeoutMs: 50 });
    stopping.resources.watch("the worker", Promise.resolve());
  });
});
