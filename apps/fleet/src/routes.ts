import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import {
  getCaller,
  notify,
  paginate,
  type Routes,
  readIdempotencyKey,
  runOnce,
  tombstone,
} from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import { createHoldError, createVehicleNotFoundError } from "./hold-error.ts";
import { publishVehicleChange } from "./publish-vehicle-change.ts";
import { findReservation, insertReservation } from "./reservations.ts";
import { findVehicle, holdVehicle, listVehicles, releaseVehicle } from "./store.ts";
import type { FleetTables } from "./tables.ts";
import { toVehicle } from "./vehicle-message.ts";

const position = z.string();

/** Options of `createRoutes`. */
export interface RoutesOptions {
  /** Called after each transaction that may have written an event. Its failures change no answer. */
  readonly onCommit?: () => void;
}

/**
 * Creates the routes of FleetService over its database. The saga calls them from
 * apps/worker/src/activities/fleet.ts.
 */
export function createRoutes(db: Kysely<FleetTables>, { onCommit }: RoutesOptions = {}): Routes {
  return (router) =>
    router.service(FleetService, {
      async reserveVehicle(request, context) {
        const key = readIdempotencyKey(context);
        const call = { key, method: FleetService.method.reserveVehicle, request };
        const response = await db.transaction().execute((tx) =>
          runOnce(tx, call, async () => {
            const reserved = await findReservation(tx, key, request);
            if (reserved !== undefined) {
              return { vehicle: toVehicle(reserved, { showHolder: true }) };
            }
            const result = await holdVehicle(tx, request);
            if (result.outcome !== "held") throw createHoldError(result, request.vehicleId);
            const { vehicle, changed } = result;
            await insertReservation(tx, key, request);
            if (changed) await publishVehicleChange(tx, { ...vehicle, trip_id: null }, vehicle);
            return { vehicle: toVehicle(vehicle, { showHolder: true }) };
          }),
        );
        notify(onCommit, []);
        return response;
      },

      // Both the compensation of ReserveVehicle, under its key, and a step of its own after the drive.
      async releaseVehicle(request, context) {
        const key = readIdempotencyKey(context);
        await db.transaction().execute(async (tx) => {
          await tombstone(tx, key);
          const released = await releaseVehicle(tx, request);
          if (released === undefined) return;
          await publishVehicleChange(tx, { ...released, trip_id: request.tripId }, released);
        });
        notify(onCommit, []);
        return {};
      },

      async getVehicle({ vehicleId }, context) {
        const vehicle = await findVehicle(db, vehicleId);
        if (vehicle === undefined) throw createVehicleNotFoundError(vehicleId);
        return { vehicle: toVehicle(vehicle, { showHolder: maySeeHolders(context) }) };
      },

      async listVehicles(request, context) {
        const { items, nextPageToken } = await paginate(request, {
          position,
          fetch: ({ after = "", limit }) => listVehicles(db, { after, limit }),
          toPosition: ({ vehicle_id }) => vehicle_id,
        });
        const showHolder = maySeeHolders(context);
        return { vehicles: items.map((row) => toVehicle(row, { showHolder })), nextPageToken };
      },
    });
}

function maySeeHolders(context: Parameters<typeof getCaller>[0]): boolean {
  return getCaller(context).role !== "rider";
}
