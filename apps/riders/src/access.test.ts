import { allowedRoles, allowedSubjects, findUnguardedMethods } from "@fanfare/access";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { describe, expect, it } from "vitest";

const { getRider, eraseRider, getErasure, exportRider, getGatewayToken, getRegion, ...own } =
  RidersService.method;

describe("RidersService", () => {
  it("declares the roles that may call each method", () => {
    expect(findUnguardedMethods([RidersService])).toEqual([]);
  });

  it("allows riders the methods about themselves alone", () => {
    for (const method of Object.values(own)) expect(allowedRoles(method)).toEqual(["rider"]);
    expect(allowedRoles(exportRider)).toEqual(["rider", "operator"]);
  });

  it("lets operators alone read, and erase, any rider", () => {
    for (const method of [getRider, eraseRider, getErasure]) {
      expect(allowedRoles(method)).toEqual(["operator"]);
    }
  });

  it("gives gateway tokens to billing alone, and regions to notifications alone", () => {
    expect(allowedRoles(getGatewayToken)).toEqual(["service"]);
    expect(allowedSubjects(getGatewayToken, "service")).toEqual(["billing"]);
    expect(allowedRoles(getRegion)).toEqual(["service"]);
    expect(allowedSubjects(getRegion, "service")).toEqual(["notifications"]);
  });
});
