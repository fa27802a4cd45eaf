import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type HolidayLab, openHolidayLab } from "./holiday-lab.ts";
import type { Way } from "./stay-workflow.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let lab: HolidayLab;
beforeAll(async () => {
  lab = await openHolidayLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const ways: readonly Way[] = [
  "activity",
  "local activity",
  "child workflow",
  "child of a child",
  "Nexus operation",
  "Nexus operation of a workflow",
];

describe.concurrent("which failures", () => {
  it.each(ways)("a refusal is found through a real %s", async (way) => {
    const stay = await lab.beginStay(way);
    expect(await stay.result()).toEqual({
      outcome: "compensated",
      cause: {
        kind: "refused",
        step: "hotel",
        code: "failed_precondition",
        message: "no room left",
      },
    });
  });
});
