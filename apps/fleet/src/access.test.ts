import { allowedRoles, findUnguardedMethods } from "@fanfare/access";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { describe, expect, it } from "vitest";

describe("FleetService", () => {
  it("says of every method who may call it", () => {
    expect(findUnguardedMethods([FleetService])).toEqual([]);
  });

  it("lets services alone write", () => {
    expect(allowedRoles(FleetService.method.reserveVehicle)).toEqual(["service"]);
    expect(allowedRoles(FleetService.method.releaseVehicle)).toEqual(["service"]);
  });
});
