import { describe, expect, it } from "vitest";
import { formatPeriod } from "./format-time.ts";

const format = (timeZone: string, start: string, end: string) =>
  formatPeriod(new Date(start), new Date(end), { locale: "en-GB", timeZone });

describe("formatPeriod()", () => {
  it("has the time of the zone, and the day of each end of a drive over midnight", () => {
    expect(format("Europe/Berlin", "2026-11-21T22:50:00Z", "2026-11-21T23:10:00Z")).toEqual([
      "21 November 2026 at 23:50",
      "22 November 2026 at 00:10",
    ]);
    expect(format("Asia/Kathmandu", "2026-11-21T18:10:00Z", "2026-11-21T18:20:00Z")).toEqual([
      "21 November 2026 at 23:55",
      "22 November 2026 at 00:05",
    ]);
  });

  it("has the offsets of a drive during which clocks are set forward", () => {
    expect(format("Europe/Berlin", "2026-03-29T00:50:00Z", "2026-03-29T01:10:00Z")).toEqual([
      "29 March 2026 at 01:50 (UTC+01:00)",
      "29 March 2026 at 03:10 (UTC+02:00)",
    ]);
  });

  it("has the offsets of a drive during which clocks are set back", () => {
    expect(format("Europe/Berlin", "2026-10-25T00:50:00Z", "2026-10-25T01:10:00Z")).toEqual([
      "25 October 2026 at 02:50 (UTC+02:00)",
      "25 October 2026 at 02:10 (UTC+01:00)",
    ]);
  });

  it.each([
    ["before", "2026-10-25T00:10:00Z", "2026-10-25T00:50:00Z", "UTC+02:00"],
    ["after", "2026-10-25T01:10:00Z", "2026-10-25T01:50:00Z", "UTC+01:00"],
  ])(
    "has the offset of an hour that comes twice, %s clocks are set back",
    (_, start, end, offset) => {
      expect(format("Europe/Berlin", start, end)).toEqual([
        `25 October 2026 at 02:10 (${offset})`,
        `25 October 2026 at 02:50 (${offset})`,
      ]);
    },
  );

  it("has no offset right before and right after that hour", () => {
    expect(format("Europe/Berlin", "2026-10-24T23:10:00Z", "2026-10-24T23:59:59Z")).toEqual([
      "25 October 2026 at 01:10",
      "25 October 2026 at 01:59",
    ]);
    expect(format("Europe/Berlin", "2026-10-25T02:00:00Z", "2026-10-25T02:30:00Z")).toEqual([
      "25 October 2026 at 03:00",
      "25 October 2026 at 03:30",
    ]);
  });

  it("knows zones that move by half an hour, and those west of UTC", () => {
    expect(format("Australia/Lord_Howe", "2026-04-04T14:50:00Z", "2026-04-04T15:05:00Z")).toEqual([
      "5 April 2026 at 01:50 (UTC+11:00)",
      "5 April 2026 at 01:35 (UTC+10:30)",
    ]);
    expect(format("America/St_Johns", "2026-11-01T04:00:00Z", "2026-11-01T05:00:00Z")).toEqual([
      "1 November 2026 at 01:30 (UTC-02:30)",
      "1 November 2026 at 01:30 (UTC-03:30)",
    ]);
  });
});
