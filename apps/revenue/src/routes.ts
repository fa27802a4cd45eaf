import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { RevenueService } from "@fanfare/contracts/revenue/v1/revenue";
import { paginate } from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import { type DayPosition, listRevenue, listVehicleDays } from "./store.ts";
import type { RevenueDatabase } from "./tables.ts";

const dayPosition: z.ZodType<DayPosition> = z.object({
  day: z.iso.date(),
  currency: z.string().length(3),
});

/** Registers RevenueService, which reads from the database. */
export function createRoutes(db: Kysely<RevenueDatabase>): (router: ConnectRouter) => void {
  return (router) => {
    router.service(RevenueService, {
      async listRevenue({ tripId }) {
        const rows = await listRevenue(db, tripId);
        return {
          entries: rows.map((row) => ({
            tripId: row.trip_id,
            vehicleId: row.vehicle_id,
            amount: toMoney(row),
            recordedAt: timestampFromDate(row.recorded_at),
          })),
        };
      },

      async listVehicleDays(request) {
        const { vehicleId } = request;
        const { items, nextPageToken } = await paginate(request, {
          position: dayPosition,
          fetch: (range) => listVehicleDays(db, vehicleId, range),
          toPosition: ({ day, currency }): DayPosition => ({ day, currency }),
        });
        return {
          days: items.map((row) => ({
            vehicleId,
            day: row.day,
            trips: BigInt(row.trips),
            drivenSeconds: BigInt(row.driven_seconds),
            revenue: toMoney(row),
          })),
          nextPageToken,
        };
      },
    });
  };
}

function toMoney(row: { readonly minor_units: string; readonly currency: string }) {
  return { minorUnits: BigInt(row.minor_units), currency: row.currency };
}
