import { TariffService } from "@fanfare/contracts/trips/v1/tariffs";
import { getCaller, paginate, type Routes } from "@fanfare/service";
import type { Kysely } from "kysely";
import { readDecisionId } from "../operators/decision-id.ts";
import { identityPosition } from "../registry/identity-position.ts";
import type { TripsDatabase } from "../registry/tables.ts";
import { readTerms, toTariffMessage } from "./tariff-message.ts";
import { listTariffs, readTariffInForce, setTariff, toTariff } from "./tariff-store.ts";

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
          position: identityPosition,
          fetch: (range) => listTariffs(db, range),
          toPosition: (row) => row.position,
        });
        const tariffs = items.map((row) => toTariffMessage(toTariff(row)));
        return { tariffs, inForce, nextPageToken };
      },

      async setTariff({ tariffId, terms, reason }, context) {
        const { subject: operator } = getCaller(context);
        const tariff = terms && readTerms(tariffId, terms);
        const entry = { entryId: readDecisionId(context), operator, reason };
        return { tariff: toTariffMessage(await setTariff(db, { tariffId, tariff, entry })) };
      },
    });
  };
}
