import { allowedRoles, findUnguardedMethods } from "@fanfare/access";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { describe, expect, it } from "vitest";

describe("FleetService", () => {
  it("declares the roles that may call each method", () => {
    expect(findUnguardedMethods([FleetService])).toEqual([]);
  });

  it("allows only services to write", () => {
    expect(allowedRoles(FleetService.method.reserveVehicle)).toEqual(["service"]);
    expect(allowedRoles(FleetService.method.releaseVehicle)).toEqual(["service"]);
  });
});
