import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { describe, expect, it } from "vitest";
import { createRecordingService, runAsActivity, workflowId } from "../../test/activity.ts";
import { createFleetActivities } from "./fleet.ts";

describe("createFleetActivities()", () => {
  it("reserves and releases a vehicle for a trip, each under the key of its step", async () => {
    const { transport, calls } = createRecordingService((router, record) =>
      router.service(FleetService, {
        reserveVehicle: (request, context) => (record(request, context), {}),
        releaseVehicle: (request, context) => (record(request, context), {}),
      }),
    );
    const fleet = createFleetActivities({ transport });
    const vehicle = { tripId: "t", vehicleId: "v" };
    await runAsActivity(() => fleet.reserveVehicle({ step: "reserve-vehicle", ...vehicle }));
    await runAsActivity(() => fleet.releaseVehicle({ step: "release-vehicle", ...vehicle }));
    expect(calls).toMatchObject([
      { method: "ReserveVehicle", key: `${workflowId}/reserve-vehicle`, request: vehicle },
      { method: "ReleaseVehicle", key: `${workflowId}/release-vehicle`, request: vehicle },
    ]);
  });
});
