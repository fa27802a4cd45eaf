import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { describe, expect, it } from "vitest";
import { asActivity, createEar, workflowId } from "../../test/activity.ts";
import { createFleetActivities } from "./fleet.ts";

describe("createFleetActivities()", () => {
  it("reserves and releases a vehicle for a trip, each under the key of its step", async () => {
    const { transport, heard } = createEar((router, hear) =>
      router.service(FleetService, {
        reserveVehicle: (request, context) => (hear(request, context), {}),
        releaseVehicle: (request, context) => (hear(request, context), {}),
      }),
    );
    const fleet = createFleetActivities({ transport });
    const vehicle = { tripId: "t", vehicleId: "v" };
    await asActivity(() => fleet.reserveVehicle({ step: "reserve-vehicle", ...vehicle }));
    await asActivity(() => fleet.releaseVehicle({ step: "release-vehicle", ...vehicle }));
    expect(heard).toMatchObject([
      { method: "ReserveVehicle", key: `${workflowId}/reserve-vehicle`, request: vehicle },
      { method: "ReleaseVehicle", key: `${workflowId}/release-vehicle`, request: vehicle },
    ]);
  });
});
