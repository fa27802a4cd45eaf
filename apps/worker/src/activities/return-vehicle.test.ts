import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import { describe, expect, it } from "vitest";
import { createRecordingService, runAsActivity, workflowId } from "../../test/activity.ts";
import { createReturnActivities } from "./return-vehicle.ts";

describe("createReturnActivities()", () => {
  it("releases the vehicle, then records that, each under the key of the step", async () => {
    const { transport, calls } = createRecordingService((router, record) => {
      router.service(FleetService, {
        releaseVehicle: (request, context) => (record(request, context), {}),
      });
      router.service(TripRegistryService, {
        recordVehicleReleased: (request, context) => (record(request, context), {}),
      });
    });
    const activities = createReturnActivities({ fleet: transport, trips: transport });
    const vehicle = { tripId: "t", vehicleId: "v" };
    await runAsActivity(() => activities.returnVehicle({ step: "release-vehicle", ...vehicle }));
    const key = `${workflowId}/release-vehicle`;
    expect(calls).toMatchObject([
      { method: "ReleaseVehicle", key, request: vehicle },
      { method: "RecordVehicleReleased", key, request: { tripId: "t" } },
    ]);
  });
});
