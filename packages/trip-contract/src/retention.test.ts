import { describe, expect, it } from "vitest";
import { keyRetentionVariables, longestRecoveryDays } from "./retention.ts";

describe("keyRetentionVariables", () => {
  it.each(Object.entries(keyRetentionVariables))(
    "%s refuses a retention that is not longer than the longest recovery",
    (_, { schema }) => {
      const refused = schema.safeParse(String(longestRecoveryDays));
      expect(refused.error?.issues[0]?.message).toBe(
        "it has to be above 30, as the saga of a trip may repeat a call for so long, and the repeated call would run again",
      );
      expect(schema.parse(String(longestRecoveryDays + 1))).toBe(31);
      expect(schema.parse("never")).toBe("never");
    },
  );
});
