import { describe, expect, it } from "vitest";
import { formatHelp } from "../config/format-help.ts";
import { readConfig } from "../config/load-config.ts";
import { defineRetentionVariable } from "./retention-variable.ts";

const variables = {
  keys: defineRetentionVariable("KEY_RETENTION_DAYS", {
    about: "Keys",
    days: 90,
    above: { days: 30, reason: "a call may be repeated for 30 days" },
  }),
  notes: defineRetentionVariable("NOTE_RETENTION_DAYS", { about: "Notes", days: "never" }),
};
const spec = { name: "notes", about: "Keeps notes.", variables };

const read = (env: Record<string, string>) => readConfig(spec, env);

describe("defineRetentionVariable()", () => {
  it("reads days, never, and the defaults", () => {
    expect(read({})).toEqual({ ok: true, values: { keys: 90, notes: "never" } });
    expect(read({ KEY_RETENTION_DAYS: "never", NOTE_RETENTION_DAYS: "1" })).toEqual({
      ok: true,
      values: { keys: "never", notes: 1 },
    });
    expect(read({ KEY_RETENTION_DAYS: "31" })).toMatchObject({ values: { keys: 31 } });
  });

  it.each(["30", "1", "0"])("refuses %s days where more are required, and states why", (days) => {
    expect(readConfig(spec, { KEY_RETENTION_DAYS: days })).toEqual({
      ok: false,
      problems: [
        `KEY_RETENTION_DAYS is "${days}", but it has to be above 30, as a call may be repeated for 30 days. Keys are removed after as many days; never: they are kept. Set it; for example KEY_RETENTION_DAYS=90.`,
      ],
    });
  });

  it.each(["0", "-1", "1.5", "1e3", "Infinity", "NaN", "36501", "forever", "90 days"])(
    "refuses %j",
    (days) => {
      const result = readConfig(spec, { NOTE_RETENTION_DAYS: days });
      expect(result).toMatchObject({ ok: false });
    },
  );

  it("shows its default in --help", () => {
    expect(formatHelp(spec)).toMatch(/^ {2}KEY_RETENTION_DAYS +90 +Keys are removed/m);
    expect(formatHelp(spec)).toMatch(/^ {2}NOTE_RETENTION_DAYS +never +Notes are removed/m);
  });
});
