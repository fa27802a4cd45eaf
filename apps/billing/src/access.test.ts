import { allowedRoles, findUnguardedMethods } from "@fanfare/access";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { describe, expect, it } from "vitest";

describe("BillingService", () => {
  it("declares the roles that may call each method", () => {
    expect(findUnguardedMethods([BillingService])).toEqual([]);
  });

  it("allows only services to write", () => {
    const {
      getTab: _tab,
      getLedger: _ledger,
      checkLedger: _check,
      ...writes
    } = BillingService.method;
    const roles = Object.values(writes).map(allowedRoles);
    expect(roles).toEqual(Array.from({ length: 6 }, () => ["service"]));
  });
});
