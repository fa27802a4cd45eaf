import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import {
  getCaller,
  paginate,
  type Routes,
  readIdempotencyKey,
  runOnce,
  tombstone,
} from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import { announceChange } from "./announce-change.ts";
import { refusalOf, unknownVehicle } from "./hold-error.ts";
import { type FleetTables, findVehicle, freeVehicle, holdVehicle, listVehicles } from "./store.ts";
import { toVehicle } from "./vehicle.ts";

const position = z.string();

/** createRoutes makes FleetService on the database. */
export function createRoutes(db: Kysely<FleetTables>): Routes {
  return (router) =>
    router.service(FleetService, {
      async reserveVehicle(request, context) {
        const key = readIdempotencyKey(context);
        const call = { key, method: FleetService.method.reserveVehicle, request };
        return await db.transaction().execute((tx) =>
          runOnce(tx, call, async () => {
            const result = await holdVehicle(tx, request);
            if (result.outcome !== "held") throw refusalOf(result, request.vehicleId);
            const { vehicle, changed } = result;
            if (changed) await announceChange(tx, { ...vehicle, trip_id: null }, vehicle);
            return { vehicle: toVehicle(vehicle, { showHolder: true }) };
          }),
        );
      },

      // The compensation of ReserveVehicle, under its key, and a step of its own after the drive.
      async releaseVehicle(request, context) {
        const key = readIdempotencyKey(context);
        await db.transaction().execute(async (tx) => {
          await tombstone(tx, key);
          const freed = await freeVehicle(tx, request);
          if (freed) await announceChange(tx, { ...freed, trip_id: request.tripId }, freed);
        });
        return {};
      },

      async getVehicle({ vehicleId }, context) {
        const vehicle = await findVehicle(db, vehicleId);
        if (vehicle === undefined) throw unknownVehicle(vehicleId);
        return { vehicle: toVehicle(vehicle, { showHolder: seesHolders(context) }) };
      },

      async listVehicles(request, context) {
        const { items, nextPageToken } = await paginate(request, {
          position,
          fetch: ({ after = "", limit }) => listVehicles(db, { after, limit }),
          toPosition: ({ vehicle_id }) => vehicle_id,
        });
        const showHolder = seesHolders(context);
        return { vehicles: items.map((row) => toVehicle(row, { showHolder })), nextPageToken };
      },
    });
}

function seesHolders(context: Parameters<typeof getCaller>[0]): boolean {
  return getCaller(context).role !== "rider";
}
