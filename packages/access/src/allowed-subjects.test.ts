import { getOption } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { access } from "@fanfare/contracts/fanfare/access/v1/options";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import { describe, expect, it } from "vitest";
import { services } from "../test/services.ts";
import { allowedRoles, allowedSubjects } from "./allowed-roles.ts";
import { createTestTransport } from "./testing.ts";

const methods = services.flatMap((service) => service.methods);

describe("allowedSubjects()", () => {
  it("names the worker for each step of the saga, and no service for other methods but those of riders", () => {
    const callable = methods.filter((method) => allowedSubjects(method, "service")?.length !== 0);
    expect(callable.map(({ parent, name }) => `${parent.name}/${name}`)).toEqual([
      "BillingService/OpenTab",
      "BillingService/VoidTab",
      "BillingService/Charge",
      "BillingService/Refund",
      "BillingService/CaptureTab",
      "BillingService/RefundCapture",
      "FleetService/ReserveVehicle",
      "FleetService/ReleaseVehicle",
      "RiderDataService/EraseRiderData",
      "RiderDataService/ExportRiderData",
      "RidersService/GetGatewayToken",
      "RidersService/GetRegion",
      ...TripRegistryService.methods.map(({ name }) => `TripRegistryService/${name}`),
      "TripRidersService/CloseRider",
    ]);
    const ofRiders = ["RiderDataService", "RidersService", "TripRidersService"];
    const steps = callable.filter(({ parent }) => !ofRiders.includes(parent.name));
    for (const method of steps) expect(allowedSubjects(method, "service")).toEqual(["worker"]);
  });

  it("names services exactly where the role service is allowed", () => {
    for (const method of methods) {
      const named = getOption(method, access).services.length > 0;
      expect({ method: method.name, named }).toEqual({
        method: method.name,
        named: allowedRoles(method).includes("service"),
      });
    }
  });

  it("does not restrict riders and operators", () => {
    for (const method of methods) expect(allowedSubjects(method, "rider")).toBeUndefined();
  });
});

it("refuses a service that a method does not name", async () => {
  const transport = createTestTransport(
    (router) => router.service(FleetService, { releaseVehicle: () => ({}) }),
    { role: "service", subject: "audit" },
  );
  const request = { vehicleId: "vehicle-1", tripId: crypto.randomUUID() };
  await expect(createClient(FleetService, transport).releaseVehicle(request)).rejects.toThrow(
    "[permission_denied] fleet.v1.FleetService/ReleaseVehicle cannot be called by the service audit",
  );
});
