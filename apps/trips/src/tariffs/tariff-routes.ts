import { randomUUID } from "node:crypto";
import { TariffService } from "@fanfare/contracts/trips/v1/tariffs";
import { getCaller, paginate, type Routes, readIdempotencyKey } from "@fanfare/service";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { TripsDatabase } from "../registry/tables.ts";
import { readTerms, toTariffMessage } from "./tariff-message.ts";
import { listTariffs, readTariffInForce, setTariff, toTariff } from "./tariff-store.ts";

const position = z.string().regex(/^\d{1,18}$/);

/** Creates the routes of TariffService. */
export function createTariffRoutes(db: Kysely<TripsDatabase>): Routes {
  return (router) => {
    router.service(TariffService, {
      async getTariff() {
        return { tariff: toTariffMessage(await readTariffInForce(db)) };
      },

      async listTariffs(request) {
        const { id: inForce } = await readTariffInForce(db);
        const { items, nextPageToken } = await paginate(request, {
          position,
          fetch: (range) => listTariffs(db, range),
          toPosition: (row) => row.position,
        });
        const tariffs = items.map((row) => toTariffMessage(toTariff(row)));
        return { tariffs, inForce, nextPageToken };
      },

      async setTariff({ tariffId, terms, reason }, context) {
        const { subject: operator } = getCaller(context);
        const hasKey = context.requestHeader.has("idempotency-key");
        const entryId = hasKey ? readIdempotencyKey(context) : randomUUID();
        const tariff = terms && readTerms(tariffId, terms);
        const entry = { entryId, operator, reason };
        return { tariff: toTariffMessage(await setTariff(db, { tariffId, tariff, entry })) };
      },
    });
  };
}
