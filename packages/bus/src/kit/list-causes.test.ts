import { describe, expect, it } from "vitest";
import { listCauses } from "./list-causes.ts";

describe("listCauses()", () => {
  it("lists causes and aggregated errors, the outermost first", () => {
    const inner = new Error("inner");
    const first = new Error("first", { cause: inner });
    const all = new AggregateError([first, "second"], "all");
    const outer = new Error("outer", { cause: all });
    expect(listCauses(outer)).toEqual([outer, all, first, "second", inner]);
  });

  it("ends for cycles and for chains without end", () => {
    const a = new Error("a");
    a.cause = new Error("b", { cause: a });
    expect(listCauses(a)).toEqual([a, a.cause]);
    let deep: unknown = "the end";
    for (let depth = 0; depth < 100; depth += 1) deep = { cause: deep };
    expect(listCauses(deep)).toHaveLength(32);
  });

  it.each([
    ["a string", "text"],
    ["nothing", undefined],
    ["an object without prototype", Object.create(null)],
  ])("returns %s alone", (_, reason) => {
    expect(listCauses(reason)).toEqual([reason]);
  });

  it("survives getters and proxies that throw", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(listCauses(proxy)).toHaveLength(1);
    expect(listCauses({ cause: 1, errors: proxy })).toEqual([expect.anything(), 1]);
  });
});
