import { afterEach, describe, expect, it, vi } from "vitest";
import { startEcho } from "../../test/echo.ts";

const readLines = (lines: readonly Record<string, unknown>[]) =>
  lines.filter(({ msg }) => msg === "call");

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the log", () => {
  it("has ten lines a second about calls without a caller, and then how many it left out", async () => {
    let now = 1_000;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    await using echo = await startEcho();
    for (let call = 0; call < 30; call += 1) await echo.post("Say", { token: undefined });
    await expect.poll(() => readLines(echo.lines).length).toBe(10);
    now = 2_500;
    await echo.post("Say", { token: undefined });
    await expect.poll(() => readLines(echo.lines).length).toBe(11);
    expect(readLines(echo.lines).at(-1)).toMatchObject({ code: "unauthenticated", omitted: 20 });
  });

  it("has every call of a caller", async () => {
    vi.spyOn(performance, "now").mockReturnValue(1_000);
    await using echo = await startEcho();
    for (let call = 0; call < 15; call += 1) await echo.post("Say", { body: { text: "hello" } });
    await expect.poll(() => readLines(echo.lines).length).toBe(15);
  });

  it("has no error that a caller can raise", async () => {
    await using echo = await startEcho();
    await echo.post("Say", { body: "not JSON" });
    await echo.post("Say", { body: { text: 7 } });
    await echo.post("Say", { token: "x".repeat(5_000) });
    await echo.post("Say", { headers: { "connect-timeout-ms": "soon" } });
    await expect.poll(() => readLines(echo.lines).length).toBe(4);
    expect(echo.lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });
});
