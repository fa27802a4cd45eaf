import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { RiderDataService } from "@fanfare/contracts/riders/v1/rider_data";
import { TripRidersService } from "@fanfare/contracts/trips/v1/trip_riders";
import { createDataClients, type DataApp, type DataClients, dataApps } from "../src/data-apps.ts";

/** The other apps that store data of riders, in memory. */
export interface FakeApps {
  readonly clients: DataClients;
  /** The apps that do not answer. */
  readonly down: Set<DataApp>;
  /** The riders of whom trips has an open trip, and those of whom it has a trip that is over. */
  readonly open: Set<string>;
  readonly over: Set<string>;
  /** The riders that trips has closed, with the reason. */
  readonly closed: Map<string, string>;
  /** The calls of EraseRiderData, as `trips rider-1`. */
  readonly erased: string[];
  /** How many calls of an app it takes to erase a rider. */
  batches: number;
  /** How many records an app exports of a rider, in pages of two. */
  records: number;
}

/** Creates apps that answer. */
export function createFakeApps(): FakeApps {
  const apps: Omit<FakeApps, "clients"> = {
    down: new Set(),
    open: new Set(),
    over: new Set(),
    closed: new Map(),
    erased: [],
    batches: 1,
    records: 0,
  };
  function answer(app: DataApp): void {
    if (apps.down.has(app)) throw new ConnectError(`${app} is down`, Code.Unavailable);
  }
  const connect = (app: DataApp) =>
    createRouterTransport((router) => {
      router.service(TripRidersService, {
        closeRider({ riderId, reason, mustHaveTrips }) {
          answer(app);
          if (apps.open.has(riderId)) {
            throw new ConnectError("a trip of the rider is ACTIVE", Code.FailedPrecondition);
          }
          if (mustHaveTrips && !apps.over.has(riderId)) {
            throw new ConnectError("there is no such rider", Code.NotFound);
          }
          apps.closed.set(riderId, reason);
          return {};
        },
      });
      router.service(RiderDataService, {
        eraseRiderData({ riderId }) {
          answer(app);
          const call = `${app} ${riderId}`;
          apps.erased.push(call);
          const calls = apps.erased.filter((one) => one === call).length;
          return { done: calls >= apps.batches, kept: [`the books of ${app}`] };
        },
        exportRiderData({ pageToken }) {
          answer(app);
          const first = Number(pageToken || "0");
          const left = apps.records - first;
          const records = Array.from({ length: Math.min(2, left) }, (_, index) => ({
            kind: "note",
            json: JSON.stringify({ app, number: first + index }),
          }));
          return { records, nextPageToken: left > 2 ? String(first + 2) : "" };
        },
      });
    });
  const [trips, billing, notifications] = dataApps.map(connect);
  if (!trips || !billing || !notifications) throw new Error("an app is missing");
  return Object.assign(apps, { clients: createDataClients({ trips, billing, notifications }) });
}
