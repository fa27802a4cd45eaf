import { describe, expect, it } from "vitest";
import { resolveApiPrefix } from "./resolve-api-prefix.ts";

describe("resolveApiPrefix()", () => {
  it.each([
    [{}, "$JS.API"],
    [{ domain: undefined }, "$JS.API"],
    [{ domain: "hub" }, "$JS.hub.API"],
    [{ apiPrefix: "imported.js" }, "imported.js"],
    [{ apiPrefix: "imported.js." }, "imported.js"],
  ])("resolves %j", (options, prefix) => {
    expect(resolveApiPrefix(options)).toBe(prefix);
  });

  it.each([
    { domain: "" },
    { domain: "a.b" },
    { domain: "a b" },
    { apiPrefix: "a.>" },
    { apiPrefix: "" },
    { domain: "hub", apiPrefix: "a" },
  ])("refuses %j", (options) => {
    expect(() => resolveApiPrefix(options)).toThrow(/^(domain|apiPrefix) /);
  });
});
