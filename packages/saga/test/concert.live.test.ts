import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import * as concert from "./concert-workflow.ts";
import { type HolidayLab, openHolidayLab } from "./holiday-lab.ts";
import { refuse } from "./travel-agency.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const patience = { timeout: 60_000, interval: 50 };
let lab: HolidayLab;
beforeAll(async () => {
  lab = await openHolidayLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

describe("the README's saga", () => {
  it("returns the tickets", async () => {
    const saga = await lab.beginConcert();
    expect(await saga.result()).toEqual({ outcome: "completed", value: "printTickets #1" });
    expect(saga.calls()).toEqual(["holdSeats", "charge", "printTickets"]);
  });

  it("frees the seats when the card is declined", async () => {
    const saga = await lab.beginConcert({ charge: refuse("the card was declined") });
    expect(await saga.result()).toEqual({
      outcome: "compensated",
      cause: {
        kind: "refused",
        step: "payment",
        code: "failed_precondition",
        message: "the card was declined",
      },
    });
    expect(saga.calls()).toEqual(["holdSeats", "charge", "refund", "freeSeats"]);
  });

  it("waits for an operator when the tickets are refused", async () => {
    const saga = await lab.beginConcert({ printTickets: refuse("no paper") });
    const isParked = () =>
      vi.waitFor(async () => {
        expect((await saga.handle.query(concert.progress)).state).toBe("parked");
      }, patience);
    await isParked();
    expect(await saga.handle.executeUpdate(concert.cancel, { args: ["rain"] })).toBe(false);
    saga.script({ printTickets: refuse("no ink") });
    expect(await saga.handle.executeUpdate(concert.retry)).toEqual(["tickets"]);
    await isParked();
    const resolved = saga.handle.executeUpdate(concert.resolve, { args: ["written by hand"] });
    expect(await resolved).toEqual(["tickets"]);
    expect(await saga.result()).toEqual({ outcome: "completed", value: "written by hand" });
  });
});
