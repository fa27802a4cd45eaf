import { describe, expect, it } from "vitest";
import { chooseLimits } from "./choose-limits.ts";

describe("chooseLimits()", () => {
  it("gives riders less than operators, and operators less than services", () => {
    const { limits } = chooseLimits();
    const [rider = 0, operator = 0, service = 0] = ["rider", "operator", "service"].map(
      (role) => limits({ role, subject: "x" }).callsPerSecond,
    );
    expect(rider).toBeLessThan(operator);
    expect(operator).toBeLessThan(service);
  });

  it("takes rates by role and for addresses, and refuses other names", () => {
    const { limits, anonymousLimits } = chooseLimits({ rider: 3, address: 4 });
    expect(limits({ role: "rider", subject: "x" }).callsPerSecond).toBe(3);
    expect(anonymousLimits.callsPerSecond).toBe(4);
    expect(() => chooseLimits({ admin: 1 })).toThrow("expected one of rider, operator, service");
  });
});
